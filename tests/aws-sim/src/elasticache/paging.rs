//! Pages of a list. The last one has an empty marker, as AWS's own examples do (facts 5.4).

use super::check::bad_value;
use crate::Refusal;
use crate::wire::query::Params;

/// One page.
pub(super) struct Page<T> {
    pub(super) items: Vec<T>,
    pub(super) marker: String,
}

/// The page that is asked for, of items in the order of their keys.
pub(super) fn page<K: AsRef<str>, T>(
    params: &Params,
    least: usize,
    most: usize,
    items: impl Iterator<Item = (K, T)>,
) -> Result<Page<T>, Refusal> {
    let size = match params.number("MaxRecords")?.map(usize::try_from) {
        None => most,
        Some(Ok(size)) if (least..=most).contains(&size) => size,
        Some(_) => {
            let text = format!("MaxRecords must be between {least} and {most}");
            return Err(bad_value(text));
        }
    };
    let after = params.text("Marker").unwrap_or_default();
    let mut rest = items.skip_while(|(key, _)| !after.is_empty() && key.as_ref() <= after.as_str());
    let mut taken = Vec::new();
    let mut final_key = String::new();
    for (key, item) in rest.by_ref().take(size) {
        taken.push(item);
        key.as_ref().clone_into(&mut final_key);
    }
    let marker = if rest.next().is_some() { final_key } else { String::new() };
    Ok(Page { items: taken, marker })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_follow_each_other_and_the_last_marker_is_empty() {
        let all = || (0..45).map(|it| (format!("{it:03}"), it));
        let first = page(&Params::of(&[("MaxRecords", "20")]), 20, 50, all()).unwrap();
        assert_eq!((first.items.len(), first.marker.as_str()), (20, "019"));
        let params = Params::of(&[("MaxRecords", "25"), ("Marker", "019")]);
        let second = page(&params, 20, 50, all()).unwrap();
        assert_eq!((second.items[0], second.items.len(), second.marker.as_str()), (20, 25, ""));
        assert!(page(&Params::of(&[("MaxRecords", "19")]), 20, 50, all()).is_err());
    }
}
