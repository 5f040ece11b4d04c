use super::*;
use crate::{Tags, tag};

fn record() -> Record {
    let types = [(KeyType::Text, 300), (KeyType::Hash, 90), (KeyType::Stream, 10)];
    let mut record = Record {
        contents: Contents {
            keys: 10_000,
            ends: 2_000,
            types: types.into(),
            ..Contents::default()
        },
        salt: 0x1234_5678,
    };
    for number in 0..6_u64 {
        let key = record.key_hash(format!("user:{number}").as_bytes());
        let value = Some(record.value_hash(format!("value {number}").as_bytes()));
        let trace = Trace { key_type: KeyType::Text, length: 7, value };
        record.contents.sample.insert(key, trace);
    }
    record
}

/// What a group holds that was restored well.
fn restored() -> Contents {
    let types = [(KeyType::Text, 7_500), (KeyType::Hash, 2_250), (KeyType::Stream, 250)];
    Contents { keys: 10_000, ends: 2_000, types: types.into(), sample: record().contents.sample }
}

#[track_caller]
fn check(spoil: impl FnOnce(&mut Contents), expected: &str) {
    let mut restored = restored();
    spoil(&mut restored);
    assert_eq!(record().compare(&restored).to_string(), expected);
}

const WHOLE: &str = "10000 keys, where 10000 were counted before the snapshot; of 6 sampled keys 6 are there, 6 of them unchanged";

#[test]
fn what_was_counted_is_there_again() {
    check(|_| (), WHOLE);
    assert!(record().compare(&restored()).is_well());
}

#[test]
fn keys_with_an_end_may_be_gone_and_a_few_others() {
    check(
        |it| it.keys = 7_200,
        "7200 keys, where 10000 were counted before the snapshot; of 6 sampled keys 6 are there, 6 of them unchanged",
    );
    check(
        |it| it.keys = 7_199,
        "7199 keys, where 10000 were counted before the snapshot; of 6 sampled keys 6 are there, 6 of them unchanged; 7199 keys are fewer than 90% of the 8000 that had no end",
    );
}

#[test]
fn a_type_that_is_gone_is_told() {
    check(
        |it| assert!(it.types.remove(&KeyType::Hash).is_some()),
        "10000 keys, where 10000 were counted before the snapshot; of 6 sampled keys 6 are there, 6 of them unchanged; 0 of 7750 keys are of the type hash, and 90 of 400 were",
    );
    // So few say nothing.
    check(|it| assert!(it.types.remove(&KeyType::Stream).is_some()), WHOLE);
}

#[test]
fn sampled_keys_that_changed_are_told_and_half_of_them_gone_is_a_failure() {
    let first = |it: &Contents| *it.sample.keys().next().unwrap();
    check(
        |it| it.sample.get_mut(&first(it)).unwrap().length = 9,
        "10000 keys, where 10000 were counted before the snapshot; of 6 sampled keys 6 are there, 5 of them unchanged",
    );
    check(
        |it| it.sample.get_mut(&first(it)).unwrap().value = Some(0),
        "10000 keys, where 10000 were counted before the snapshot; of 6 sampled keys 6 are there, 5 of them unchanged",
    );
    check(
        |it| it.sample.get_mut(&first(it)).unwrap().key_type = KeyType::Hash,
        "10000 keys, where 10000 were counted before the snapshot; of 6 sampled keys 5 are there, 5 of them unchanged",
    );
    check(
        |it| it.sample.clear(),
        "10000 keys, where 10000 were counted before the snapshot; of 6 sampled keys 0 are there, 0 of them unchanged; only 0 of 6 sampled keys are there",
    );
}

#[test]
fn an_empty_group_that_was_empty_is_well() {
    let empty = Record { contents: Contents::default(), salt: 1 };
    let compared = empty.compare(&Contents::default());
    assert!(compared.is_well(), "{compared}");
    assert_eq!(compared.to_string(), "0 keys, where 0 were counted before the snapshot");
}

#[test]
fn a_record_is_written_into_tags_and_read_again() {
    let tags = record().tags();
    assert!(tags.values().all(|it| tag::is_legal_value(it)), "{tags:?}");
    assert_eq!(Record::read(&tags), Ok(Some(record())));
    assert_eq!(tags[tag::RECORD], "keys=10000 ends=2000 string=300 hash=90 stream=10");
    assert!(tags[tag::SAMPLE].starts_with("salt=12345678 string:"), "{}", tags[tag::SAMPLE]);
    assert_eq!(Record::read(&Tags::new()), Ok(None));
}

#[test]
fn the_largest_record_has_room_in_its_tags() {
    let mut large = record();
    large.contents = Contents {
        keys: u64::MAX,
        ends: u64::MAX,
        types: KeyType::ALL.map(|it| (it, 9_999)).into(),
        sample: BTreeMap::new(),
    };
    for number in 0..20 {
        let trace =
            Trace { key_type: KeyType::Stream, length: u64::from(u32::MAX), value: Some(7) };
        large.contents.sample.insert(number, trace);
    }
    let tags = large.tags();
    assert!(tags.values().all(|it| tag::is_legal_value(it)), "{tags:?}");
    assert_eq!(Record::read(&tags).unwrap().unwrap().contents.sample.len(), SAMPLE_MAX);
}

#[test]
fn what_somebody_else_wrote_is_no_record() {
    let of = |counted: &str, sample: &str| {
        let tags = [(tag::RECORD, counted), (tag::SAMPLE, sample)];
        Record::read(&tags.map(|(key, value)| (key.to_owned(), value.to_owned())).into())
    };
    for counted in ["", "many", "keys=1", "keys=x ends=0", "keys=1 ends=0 sets=3", "keys=-1 ends=0"]
    {
        let told = of(counted, "salt=00000001").unwrap_err();
        assert_eq!((told.tag, told.value.as_str()), (tag::RECORD, counted));
    }
    for sample in ["", "salt=x", "salt=1 string:1", "salt=1 string:1:2:3:4", "salt=1 text:1:2"] {
        assert_eq!(of("keys=1 ends=0", sample).unwrap_err().tag, tag::SAMPLE, "{sample}");
    }
}

#[test]
fn another_salt_leaves_nothing_to_compare_by() {
    let other = Record { salt: 2, ..record() };
    assert_ne!(record().key_hash(b"user:1"), other.key_hash(b"user:1"));
    assert_ne!(record().value_hash(b"value 1"), other.value_hash(b"value 1"));
}

#[test]
fn shards_are_counted_together() {
    let mut all = restored();
    all.add(restored());
    assert_eq!((all.keys, all.ends, all.types[&KeyType::Hash]), (20_000, 4_000, 4_500));
    assert_eq!(all.looked_at(), 20_000);
}

#[test]
fn the_word_of_a_type_is_read() {
    for key_type in KeyType::ALL {
        assert_eq!(KeyType::parse(key_type.as_str()), Some(key_type));
    }
    assert_eq!(KeyType::parse("none"), None);
    assert_eq!(KeyType::parse("ReJSON-RL"), Some(KeyType::Other));
}
