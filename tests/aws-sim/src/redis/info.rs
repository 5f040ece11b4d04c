//! What a server tells about itself with INFO.

use std::collections::BTreeMap;

/// The fields of one INFO.
#[derive(Clone, Debug, Default)]
pub(crate) struct Info(BTreeMap<String, String>);

impl Info {
    /// Reads the text of INFO.
    pub(crate) fn read(text: &str) -> Self {
        let field = |line: &str| {
            let (name, value) = line.trim_end().split_once(':')?;
            Some((name.to_owned(), value.to_owned()))
        };
        Self(text.lines().filter_map(field).collect())
    }

    /// A field.
    pub(crate) fn text(&self, name: &str) -> &str {
        self.0.get(name).map_or("", String::as_str)
    }

    /// A field that is a number, 0 where it is not there.
    pub(crate) fn number(&self, name: &str) -> f64 {
        self.text(name).parse().unwrap_or_default()
    }

    /// Whether this server is the primary.
    pub(crate) fn is_primary(&self) -> bool {
        self.text("role") == "master"
    }

    /// How many keys all databases have.
    pub(crate) fn keys(&self) -> f64 {
        let databases = self.0.iter().filter(|(name, _)| {
            name.strip_prefix("db").is_some_and(|it| it.parse::<u32>().is_ok())
        });
        let keys = |(_, value): (&String, &String)| {
            value.strip_prefix("keys=")?.split(',').next()?.parse::<f64>().ok()
        };
        databases.filter_map(keys).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_of_all_databases_are_counted() {
        let info = Info::read(
            "# Keyspace\r\nrole:master\r\ndb0:keys=3,expires=0,avg_ttl=0\r\ndb2:keys=4,expires=1,avg_ttl=0\r\ndbl:1\r\n",
        );
        assert!((info.keys() - 7.0).abs() < f64::EPSILON);
        assert!(info.is_primary());
        assert_eq!(info.text("missing"), "");
    }
}
