use super::*;
use SignKind::OneHotShard;

const ADVICE: &str = "keys are spread unevenly: reshard, or spread them by other keys or hash tags; the size goes by the hottest shard, so that all shards are as large as it";

/// Shards whose first members tell these.
fn each(metric: Metric, values: &[f64]) -> Scene {
    let shards = u32::try_from(values.len()).unwrap();
    let tell = |scene: Scene, (at, value): (i32, &f64)| {
        scene.of_late(&format!("{at:04}-001"), metric, 15, *value, 5.0)
    };
    (1..).zip(values).fold(sharded("cache.m7g.large", shards), tell)
}

fn busy(values: &[f64]) -> Scene {
    each(Metric::EngineCpu, values)
}

/// Likewise, with how full the first of them is.
fn full(percent: f64, gibibytes: &[f64]) -> Scene {
    let bytes: Vec<f64> = gibibytes.iter().map(|it| it * 1_073_741_824.0).collect();
    each(Metric::UsedBytes, &bytes).always("0001-001", Metric::Memory, percent)
}

#[test]
fn a_shard_that_is_far_busier_than_the_others_is_told() {
    holds(
        OneHotShard,
        busy(&[20.0, 61.0, 30.0, 40.0]),
        &format!(
            "EngineCPUUtilization of orders-0002-001 in shard 0002 at 61.0 % over 15 minutes, 2 times or more the 30.0 % of the others, which are 3, by their median - the limit is 60 %; {ADVICE}"
        ),
    );
    is_silent(OneHotShard, busy(&[20.0, 60.0, 30.0]));
    is_silent(OneHotShard, busy(&[31.0, 61.0, 31.0]));
    // Of two the mean, and of one itself.
    is_said(OneHotShard, busy(&[20.0, 62.0, 42.0]));
    is_silent(OneHotShard, busy(&[20.0, 61.0, 43.0]));
    holds(
        OneHotShard,
        busy(&[61.0, 30.5]),
        &format!(
            "EngineCPUUtilization of orders-0001-001 in shard 0001 at 61.0 % over 15 minutes, 2 times or more the 30.5 % of the other - the limit is 60 %; {ADVICE}"
        ),
    );
    is_silent(OneHotShard, busy(&[61.0, 31.0]));
    is_silent(OneHotShard, busy(&[99.0]));
}

#[test]
fn a_shard_is_as_busy_as_its_busiest_member_over_a_quarter_of_an_hour() {
    let replica = |value: f64| busy(&[70.0, 20.0]).always("0002-002", Metric::EngineCpu, value);
    is_said(OneHotShard, replica(35.0));
    is_silent(OneHotShard, replica(36.0));
    let for_minutes = |minutes: i64| {
        sharded("cache.m7g.large", 2)
            .of_late("0001-001", Metric::EngineCpu, minutes, 100.0, 0.0)
            .always("0002-001", Metric::EngineCpu, 1.0)
    };
    is_said(OneHotShard, for_minutes(10));
    is_silent(OneHotShard, for_minutes(9));
}

#[test]
fn where_a_shard_is_silent_nothing_is_said_of_the_others() {
    let scene = |value: Option<f64>| {
        sharded("cache.m7g.large", 3)
            .always("0001-001", Metric::EngineCpu, 90.0)
            .always("0002-002", Metric::EngineCpu, 10.0)
            .tells("0003-001", Metric::EngineCpu, |_| value)
    };
    is_said(OneHotShard, scene(Some(10.0)));
    is_silent(OneHotShard, scene(None));
    let part = |minutes: i64| {
        sharded("cache.m7g.large", 2).always("0002-001", Metric::EngineCpu, 10.0).tells(
            "0001-001",
            Metric::EngineCpu,
            |it| (it <= minutes).then_some(90.0),
        )
    };
    // Of fifteen, four may come yet.
    is_said(OneHotShard, part(9));
    is_silent(OneHotShard, part(8));
}

#[test]
fn a_shard_that_holds_far_more_than_the_others_is_told() {
    holds(
        OneHotShard,
        full(50.1, &[4.0, 1.0, 2.0, 3.0]),
        &format!(
            "BytesUsedForCache of orders-0001-001 in shard 0001 at 4.0 GiB, 2 times or more the 2.0 GiB of the others, which are 3, by their median, with 50.1 % of its memory full - the limit is 50 %; {ADVICE}"
        ),
    );
    is_silent(OneHotShard, full(50.0, &[4.0, 1.0, 2.0, 3.0]));
    is_silent(OneHotShard, full(90.0, &[4.0, 1.0, 2.1, 3.0]));
    is_silent(OneHotShard, each(Metric::UsedBytes, &[4e9, 1e9]));
    is_silent(OneHotShard, full(90.0, &[4.0]));
}

#[test]
fn a_group_without_shards_has_no_hot_one() {
    let scene = scene("cache.m7g.large").always("001", Metric::EngineCpu, 90.0).always(
        "002",
        Metric::EngineCpu,
        10.0,
    );
    is_silent(OneHotShard, scene);
}
