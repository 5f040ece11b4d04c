//! What a node costs for an hour, where, and since when that is known.

use jiff::civil::Date;

use crate::engine::Engine;
use crate::{Catalog, Dollars, NodeType};

/// The price of one node on demand.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Price {
    /// For an hour.
    pub hour: Dollars,
    /// The region in which it holds. Other regions are no constant multiple of it (pricing 1.2).
    pub region: String,
    /// The day on which it was read.
    pub date: Date,
}

/// Prices that an operator knows of his own region.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Prices(Vec<(NodeType, Engine, Price)>);

/// Why a line of prices is refused.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum PriceError {
    /// Not four words.
    #[error(
        "\"{0}\" is not of the form \"cache.t4g.micro redis 0.018 2026-11-01\": node type, engine, dollars an hour, and the day on which that was read"
    )]
    Form(String),
    /// No node type of the catalog.
    #[error("\"{0}\" is not a node type of the catalog")]
    NodeType(String),
    /// No engine.
    #[error("\"{0}\" is not an engine, redis and valkey are")]
    Engine(String),
    /// No price.
    #[error("\"{0}\" is not a price: dollars for an hour between 0.0001 and 1000")]
    Hour(String),
    /// No day.
    #[error("\"{0}\" is not a day such as 2026-11-01")]
    Date(String),
}

impl Prices {
    /// Reads prices of a region: `cache.t4g.micro redis 0.018 2026-11-01, …`.
    ///
    /// # Errors
    ///
    /// Every line that cannot be read.
    pub fn parse(text: &str, region: &str) -> Result<Self, Vec<PriceError>> {
        let lines = text.split(',').map(str::trim).filter(|it| !it.is_empty());
        let (mut prices, mut errors) = (Vec::new(), Vec::new());
        for line in lines {
            match one(line, region) {
                Ok(price) => prices.push(price),
                Err(error) => errors.push(error),
            }
        }
        if errors.is_empty() { Ok(Self(prices)) } else { Err(errors) }
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &(NodeType, Engine, Price)> {
        self.0.iter()
    }
}

fn one(line: &str, region: &str) -> Result<(NodeType, Engine, Price), PriceError> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let [node_type, engine, hour, date] = words.as_slice() else {
        return Err(PriceError::Form(line.to_owned()));
    };
    let known = NodeType::parse(node_type).ok().filter(|it| Catalog::embedded().find(it).is_some());
    let known = known.ok_or_else(|| PriceError::NodeType((*node_type).to_owned()))?;
    let engine = engine.parse().map_err(|_| PriceError::Engine((*engine).to_owned()))?;
    let dollars = hour.parse().ok().filter(|it| (0.0001..=1000.0).contains(it));
    let dollars: f64 = dollars.ok_or_else(|| PriceError::Hour((*hour).to_owned()))?;
    let date = date.parse().map_err(|_| PriceError::Date((*date).to_owned()))?;
    Ok((known, engine, Price { hour: Dollars::of(dollars), region: region.to_owned(), date }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prices_of_a_region_stand_in_for_those_of_the_catalog() {
        let text =
            "cache.t4g.micro redis 0.018 2026-11-01,\n cache.t4g.micro valkey 0.0144 2026-11-01,";
        let prices = Prices::parse(text, "eu-west-1").unwrap();
        let catalog = Catalog::at(&prices);
        let entry = |name| catalog.find(&NodeType::parse(name).unwrap()).unwrap();
        let micro = entry("cache.t4g.micro").price(Engine::Redis).unwrap();
        assert_eq!((micro.hour, micro.region.as_str()), (Dollars(180), "eu-west-1"));
        let small = entry("cache.t4g.small").price(Engine::Redis).unwrap();
        assert_eq!((small.hour, small.region.as_str()), (Dollars(320), "us-east-1"));
        // A price of here says nothing about which of two types is cheaper there.
        assert!(catalog.better(entry("cache.t3.micro"), Engine::Redis).is_none());
    }

    #[test]
    fn every_line_that_cannot_be_read_is_told() {
        let text = "cache.t4g.micro redis 0.018, cache.z9.huge redis 1 2026-11-01, cache.t4g.micro memcached 1 2026-11-01, \
            cache.t4g.micro redis free 2026-11-01, cache.t4g.micro redis inf 2026-11-01, cache.t4g.micro redis 1 today";
        let errors = Prices::parse(text, "eu-west-1").unwrap_err();
        let told: Vec<String> = errors.iter().map(ToString::to_string).collect();
        assert_eq!(told.len(), 6, "{told:#?}");
        for (told, start) in told.iter().zip([
            "\"cache.t4g.micro redis 0.018\" is not of the form",
            "\"cache.z9.huge\" is not a node type",
            "\"memcached\" is not an engine",
            "\"free\" is not a price",
            "\"inf\" is not a price",
            "\"today\" is not a day",
        ]) {
            assert!(told.starts_with(start), "{told}");
        }
        assert_eq!(Prices::parse(" , ", "eu-west-1"), Ok(Prices::default()));
    }
}
