//! Quantiles.

/// The value below which this share of them lies.
pub(crate) fn quantile(values: impl Iterator<Item = f64>, share: f64) -> f64 {
    weighted(values.map(|it| (it, 1.0)).collect(), share)
}

/// The value below which this share of the weight lies.
pub(crate) fn weighted(mut values: Vec<(f64, f64)>, share: f64) -> f64 {
    values.sort_by(|one, other| one.0.total_cmp(&other.0));
    let total: f64 = values.iter().map(|it| it.1).sum();
    let mut so_far = 0.0;
    for (value, weight) in &values {
        so_far += weight;
        if share * total <= so_far {
            return *value;
        }
    }
    values.last().map_or(0.0, |it| it.0)
}
