//! What people were told of a group already: a schedule sees the same every few minutes, and nobody reads the same every few minutes.

use std::fmt;

use jiff::{SignedDuration, Timestamp};

use super::signs::SignKind;
use super::{Held, Refusal, Weight};
use crate::{GroupView, Tags, tag};

/// Something that a person is to hear of once, and again after a while if it is still so.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct News {
    /// What it is known again by, in letters that a tag may hold and without blanks.
    pub word: String,
    /// When it may be told again.
    pub again_after: SignedDuration,
}

/// What people were told of late, by its words, and in which hour since the epoch, the newest last. A tag has room for all signs that there are and an advice.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Told(Vec<(String, i64)>);

impl News {
    /// What is short of something is told every day.
    const DAY: SignedDuration = SignedDuration::from_hours(24);
    /// What can wait is told every week.
    const WEEK: SignedDuration = SignedDuration::from_hours(7 * 24);

    /// That this sign holds.
    pub fn of_sign(kind: SignKind) -> Self {
        let again_after = match kind {
            SignKind::OldEngine => Self::WEEK,
            SignKind::Evictions
            | SignKind::ClientsLimit
            | SignKind::Lag
            | SignKind::SlowCommands
            | SignKind::OneHotShard
            | SignKind::PrimaryReads
            | SignKind::Connections
            | SignKind::Misses
            | SignKind::HostCpu => Self::DAY,
        };
        Self { word: kind.word().to_owned(), again_after }
    }

    /// That a group at rest stays as it is for this reason, where a person has to know without any alarm.
    pub fn of_refusal(refusal: &Refusal, group: &GroupView, now: Timestamp) -> Option<Self> {
        if refusal.weight() != Weight::News {
            return None;
        }
        let daily = |word: &str| Some(Self { word: word.to_owned(), again_after: Self::DAY });
        match refusal {
            // Another change is a change in what is advised.
            Refusal::Recommended(advice) => {
                Some(Self { word: format!("{ADVICE}{}", advice.change), again_after: Self::WEEK })
            }
            Refusal::Held(Held::OverBudget { advice, .. }) => {
                daily(&format!("budget:{}", advice.change))
            }
            Refusal::Held(_) => daily("too-far"),
            // New nodes have nothing to tell yet.
            Refusal::NoData(_) if is_new(group, now) => None,
            Refusal::NoData(_) => daily("no-data"),
            Refusal::BadPolicy(_) => daily("bad-policy"),
            Refusal::Registered(_) => daily("registered"),
            Refusal::DataTiering(_) => daily("data-tiering"),
            Refusal::TooLarge(_) => daily("too-large"),
            Refusal::UnknownEngine(_) => daily("unknown-engine"),
            Refusal::UnknownType(_) => daily("unknown-type"),
            Refusal::Deferred(_) => daily("deferred"),
            Refusal::NoLarger { .. } => daily("no-larger"),
            Refusal::NotAllowed(_) => daily("not-allowed"),
            // The first two are no states of a group at rest; whoever asked for the third tells of it.
            Refusal::Unusable(_)
            | Refusal::Unanswered(_)
            | Refusal::ForeignChange(_)
            | Refusal::Gone
            | Refusal::NotOurs
            | Refusal::Off
            | Refusal::CoolingDown(_)
            | Refusal::BackingOff(_) => None,
        }
    }
}

/// Whether a member is so young that it may not have told anything yet.
fn is_new(group: &GroupView, now: Timestamp) -> bool {
    let newest = group.members.iter().filter_map(|it| it.created_at).max();
    newest.and_then(|it| it.saturating_add(FIRST_METRICS).ok()).is_some_and(|it| now < it)
}

impl Told {
    /// Reads the tag. What we cannot read counts as none.
    pub fn read(tags: &Tags) -> Self {
        let text = tags.get(tag::AUTOSCALE_TOLD).map_or("", String::as_str);
        let words: Vec<&str> = text.split_whitespace().collect();
        let read = |pair: &[&str]| match pair {
            [word, at] => Some(((*word).to_owned(), at.parse().ok()?)),
            _ => None,
        };
        Self(words.chunks(2).filter_map(read).collect())
    }

    /// Those of some news that were not told, or too long ago.
    pub fn fresh(&self, news: Vec<News>, now: Timestamp) -> Vec<News> {
        let is_told = |news: &News| {
            let at = self.0.iter().find(|it| it.0 == news.word).map(|it| it.1);
            at.is_some_and(|it| hour(now) < it.saturating_add(news.again_after.as_hours()))
        };
        news.into_iter().filter(|it| !is_told(it)).collect()
    }

    /// The same with these, told now. Where a tag has no room the oldest advice goes first, as it can wait, and then what is oldest; what is told
    /// now goes last, or it would be told again and again.
    #[must_use]
    pub fn with(&self, news: &[News], now: Timestamp) -> Self {
        let is_of_now = |word: &str| news.iter().any(|it| it.word == word);
        let mut all: Vec<_> = self.0.iter().filter(|it| !is_of_now(&it.0)).cloned().collect();
        all.extend(news.iter().map(|it| (it.word.clone(), hour(now))));
        let mut told = Self(all);
        while tag::VALUE_LEN_MAX < told.to_string().chars().count() {
            let place = |is_one: &dyn Fn(&str) -> bool| told.0.iter().position(|it| is_one(&it.0));
            let advice = place(&|it| it.starts_with(ADVICE) && !is_of_now(it));
            let at = advice.or_else(|| place(&|it| !is_of_now(it))).unwrap_or_default();
            told.0.remove(at);
        }
        told
    }

    /// What is written.
    pub fn tags(&self) -> Tags {
        Tags::from([(tag::AUTOSCALE_TOLD.to_owned(), self.to_string())])
    }
}

impl fmt::Display for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words: Vec<String> = self.0.iter().map(|(word, at)| format!("{word} {at}")).collect();
        f.write_str(&words.join(" "))
    }
}

fn hour(now: Timestamp) -> i64 {
    now.as_second().div_euclid(3600)
}

const ADVICE: &str = "advice:";

/// CloudWatch tells of a node some minutes after it is there, and of all that it does within the hour.
const FIRST_METRICS: SignedDuration = SignedDuration::from_hours(1);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::autoscale::plan::tests::{now, orders};
    use crate::autoscale::{Advice, Change, Gap, Metric};

    fn hours(count: i64) -> SignedDuration {
        SignedDuration::from_hours(count)
    }

    fn news(word: &str) -> News {
        News { word: word.to_owned(), again_after: News::DAY }
    }

    fn fresh(told: &Told, word: &str, later: i64) -> bool {
        !told.fresh(vec![news(word)], now() + hours(later)).is_empty()
    }

    #[test]
    fn what_was_told_is_not_told_again_for_a_day() {
        let told = Told::default().with(&[news("lag"), news("misses")], now());
        let told = told.with(&[news("connections")], now() + hours(5));
        assert_eq!(told.tags()[tag::AUTOSCALE_TOLD], "lag 490932 misses 490932 connections 490937");
        assert_eq!(Told::read(&told.tags()), told);
        assert!(fresh(&told, "host-cpu", 0));
        assert_eq!([5, 23, 24].map(|it| fresh(&told, "lag", it)), [false, false, true]);
        assert!(!fresh(&told, "connections", 28));
        let again = told.with(&[news("lag")], now() + hours(24));
        assert!(!fresh(&again, "lag", 30), "{again}");
    }

    #[test]
    fn all_signs_and_an_advice_are_told_together_and_only_once() {
        let mut all = vec![news("advice:node-type=cache.r7gd.16xlarge")];
        all.extend(SignKind::ALL.map(News::of_sign));
        let told = Told::default().with(&all, now());
        let text = told.tags().into_values().next().unwrap();
        assert!(tag::is_legal_value(&text) && text.len() <= tag::VALUE_LEN_MAX, "{text}");
        assert_eq!(Told::read(&told.tags()).fresh(all, now() + hours(23)), []);
    }

    #[test]
    fn the_oldest_advice_goes_where_a_tag_has_no_room() {
        let signs = SignKind::ALL.map(News::of_sign);
        let advice = |at: i64| News {
            word: format!("advice:node-type=cache.r7g.{at}xlarge"),
            again_after: News::WEEK,
        };
        let told = (0..12).fold(Told::default().with(&signs, now()), |it, at| {
            it.with(&[advice(at)], now() + hours(at))
        });
        let text = told.tags().into_values().next().unwrap();
        assert!(tag::is_legal_value(&text) && text.len() <= tag::VALUE_LEN_MAX, "{text}");
        assert_eq!(told.fresh(signs.to_vec(), now() + hours(12)), []);
        assert_eq!(told.fresh(vec![advice(11), advice(0)], now() + hours(12)), [advice(0)]);
        // Too much for a tag is told once more, and never what it was written for.
        let long = News { word: "x".repeat(200), again_after: News::DAY };
        assert_eq!(told.with(std::slice::from_ref(&long), now()).fresh(vec![long], now()), []);
    }

    #[test]
    fn what_nobody_understands_was_not_told() {
        let tags =
            Tags::from([(tag::AUTOSCALE_TOLD.to_owned(), "lag yesterday misses".to_owned())]);
        assert_eq!(Told::read(&tags), Told::default());
    }

    #[test]
    fn each_sign_has_a_word_that_a_tag_holds() {
        let all = SignKind::ALL.map(News::of_sign);
        assert!(all.iter().all(|it| tag::is_legal_value(&it.word) && !it.word.contains(' ')));
        let weekly: Vec<&str> =
            all.iter().filter(|it| it.again_after == News::WEEK).map(|it| &*it.word).collect();
        assert_eq!(weekly, ["old-engine"]);
    }

    #[test]
    fn a_refusal_is_news_where_a_person_can_do_something_about_it() {
        let group = orders().0.group.unwrap();
        let of = |it: &Refusal| News::of_refusal(it, &group, now()).map(|it| it.word);
        let change = Change::Replicas(2);
        let advice = Advice {
            change,
            why: String::new(),
            command: String::new(),
            before: None,
            after: None,
        };
        assert_eq!(of(&Refusal::Recommended(advice)).as_deref(), Some("advice:replicas=2"));
        assert_eq!(of(&Refusal::UnknownType(None)).as_deref(), Some("unknown-type"));
        assert_eq!(of(&Refusal::Off), None);
        assert_eq!(of(&Refusal::CoolingDown(now())), None);
        assert_eq!(of(&Refusal::ForeignChange("x".to_owned())), None);
        let silent = Refusal::NoData(Gap { member: None, metric: Metric::Memory, points: 0 });
        assert_eq!(of(&silent).as_deref(), Some("no-data"));
        let mut young = orders().0.group.unwrap();
        young.members[1].created_at = Some(now() - SignedDuration::from_mins(59));
        assert_eq!(News::of_refusal(&silent, &young, now()), None);
    }
}
