//! The report and the picture.

use super::super::picture::{POINTS, svg};
use super::super::report::{COLUMNS, text};
use super::*;

fn report(group: &Group) -> String {
    text("orders", &group.trial(), &group.outcome())
}

fn picture(name: &str, group: &Group) -> String {
    svg(name, &group.trial(), &group.outcome())
}

#[test]
fn a_report_says_what_was_what_would_have_been_and_what_that_means() {
    let group = idle(4);
    let told = report(&group);
    for part in [
        "Backtest of orders\nday 1 00:00 to day 5 00:00, 4.0 days\nevery minute is known\n",
        "as it was   ",
        "as it would have been\n",
        "cache.m7g.2xlarge with 2 replicas",
        "would do as well for less: busy to ",
        " a month less (",
        "With a minute of overload taken as $0.50, that is $",
    ] {
        assert!(told.contains(part), "no \"{part}\" in\n{told}");
    }
    let was = format!("${:.2}", 730.0 * candidates()[4].cost(2));
    let row = told.lines().find(|it| it.starts_with("cost of a month")).unwrap();
    assert!(row.contains(&was), "{row} has no {was}");
    let decisions = group.outcome().decisions.len();
    assert!(told.contains(&format!("\n{decisions} decisions:\n")), "{told}");
}

#[test]
fn no_line_of_a_report_is_wider_than_a_terminal() {
    for group in [idle(3), growing(3)] {
        let told = report(&group);
        let widest = told.lines().max_by_key(|it| it.chars().count()).unwrap();
        assert!(widest.chars().count() <= COLUMNS, "{widest}");
        assert!(told.lines().all(|it| it.trim_end() == it), "a line ends in spaces");
    }
}

#[test]
fn what_is_not_known_is_told() {
    let mut group = growing(2);
    group.minutes[100..160].fill(None);
    group.every = 5;
    let told = report(&group);
    assert!(told.contains("56 of 2880 minutes are unknown"), "{told}");
    assert!(told.contains("A value stands for 5 minutes"), "{told}");
    let mut short = idle(1);
    short.rule.look_back = 2 * 1440;
    let told = report(&short);
    assert!(told.contains("shorter than the 48 hours"), "{told}");
    let full = report(&growing(3));
    assert!(full.contains("minutes what was there was full"), "{full}");
}

#[test]
fn nothing_to_change_is_told_too() {
    let group = Group::asked(size("m7g.large", 1), 3 * DAY, |_| (100_000.0, 5000.0, 3.2 * GIB));
    let told = report(&group);
    assert!(told.contains("No decision: nothing would have been changed."), "{told}");
    assert!(told.contains("It would have cost the same, without overload, as before."), "{told}");
}

#[test]
fn a_group_without_anything_larger_has_its_limit_named() {
    let mut group = growing(3);
    group.candidates.truncate(2);
    group.bounds.most = 1;
    let told = report(&group);
    assert!(told.contains("nothing larger was to be had"), "{told}");
}

#[test]
fn a_picture_has_a_mark_with_a_title_for_each_decision() {
    let group = idle(4);
    let told = picture("orders", &group);
    let decisions = group.outcome().decisions.len();
    assert_eq!(told.matches("<g stroke").count(), decisions);
    assert_eq!(told.matches("<title>").count(), decisions + 1);
    assert!(told.contains("viewBox=\"0 0 1000 520\""));
    assert!(told.contains("cache.m7g.2xlarge with 2 replicas -&gt; "), "{told}");
    assert_eq!(told, picture("orders", &group));
}

#[test]
fn the_tags_of_a_picture_are_closed_and_names_in_it_are_escaped() {
    let told = picture("a<b>&\"c'\u{1}", &growing(2));
    assert!(told.contains("Backtest of a&lt;b&gt;&amp;&quot;c&apos; "), "{told}");
    let mut open = Vec::new();
    for tag in told.split('<').skip(1) {
        let (tag, _) = tag.split_once('>').unwrap();
        let name = tag.split_whitespace().next().unwrap();
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop(), Some(name));
        } else if !tag.ends_with('/') {
            open.push(name);
        }
        assert_eq!(tag.matches('"').count() % 2, 0, "{tag}");
    }
    assert!(open.is_empty(), "{open:?}");
    assert!(!told.contains("NaN") && !told.contains("inf"), "{told}");
}

#[test]
fn a_long_past_is_drawn_with_few_points_and_keeps_its_peaks() {
    let mut group = Group::asked(size("m7g.2xlarge", 1), 6 * DAY, |_| (0.0, 1000.0, GIB));
    // Nothing is decided: only the drawing is looked at.
    group.rule.looks = 100_000;
    group.minutes[4321].as_mut().unwrap().primary = 0.9;
    let told = picture("orders", &group);
    let area = told.lines().find(|it| it.contains("fill-opacity=\"0.4\"")).unwrap();
    let points = area.matches('L').count();
    assert!(points <= POINTS + 2 && POINTS / 2 < points, "{points}");
    // 90 % of the axis that ends at 110 %.
    let top = 300.0 - 230.0 * 0.9 / 1.1;
    assert!(area.contains(&format!(" {top:.1}L")), "no {top:.1} in {area}");
}

#[test]
fn a_gap_is_a_gap_in_the_picture() {
    let mut group = idle(1);
    let areas = |it: &Group| picture("orders", it).matches("fill-opacity=\"0.4\"").count();
    assert_eq!(areas(&group), 2);
    group.minutes[300..400].fill(None);
    assert_eq!(areas(&group), 4);
}

#[test]
fn a_past_without_any_command_is_drawn() {
    let group = Group::asked(size("m7g.large", 1), 500, |_| (0.0, 0.0, 0.0));
    let told = picture("orders", &group);
    assert!(told.contains("asked for") && !told.contains("NaN"), "{told}");
}
