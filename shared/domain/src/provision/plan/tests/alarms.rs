use super::*;

#[test]
fn an_alarm_that_is_not_ours_is_not_touched() {
    let theirs = |it: &mut Around| {
        it.alarms[0].threshold = 60.0;
        it.foreign_alarms = it.alarms.iter().map(|it| it.name.clone()).collect();
    };
    check(settled().around(theirs), "Settled");
    check(Scene::stated(&[("EnableAlarms", "false")]).around(theirs), "Settled");
}
