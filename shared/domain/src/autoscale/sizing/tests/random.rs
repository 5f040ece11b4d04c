//! What holds for any past.

use proptest::prelude::*;

use super::*;

fn past() -> impl Strategy<Value = Vec<(f64, f64, f64)>> {
    // Six hours each of the same, which is cheap to shrink.
    let piece = (0.0..400_000.0, 0.0..150_000.0, 0.01..25.0)
        .prop_map(|(reads, writes, gib)| (reads, writes, gib * GIB));
    prop::collection::vec(piece, 10..16)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_past_leads_outside_the_bounds_and_the_budget_or_to_too_little_memory(
        past in past(),
        at in 0_usize..TYPES.len(),
        replicas in 1_u32..=5,
        bounds in (1_u32..=3, 3_u32..=5),
        silent in 0_usize..200,
        budget in prop::option::of(0.1..3.0),
    ) {
        let has = Size { at, replicas };
        let mut group = Group::asked(has, |_| (0.0, 0.0, GIB));
        group.minutes = past.iter().flat_map(|it| std::iter::repeat_n(Some(minute(has, *it)), 360)).collect();
        group.minutes.iter_mut().step_by(silent + 3).for_each(|it| *it = None);
        (group.bounds.least, group.bounds.most) = bounds;
        group.bounds.budget = budget;
        let choice = group.choice();
        // The same past leads to the same choice.
        prop_assert_eq!(choice, group.choice());
        let (Choice::Grow(_, to) | Choice::Move(to) | Choice::Replicas(to)) = choice else { return Ok(()) };
        prop_assert!(to != has);
        prop_assert!(bounds.0 <= to.replicas && to.replicas <= bounds.1 || to.replicas == has.replicas);
        let candidates = candidates();
        let cost = |it: Size| candidates[it.at].cost(it.replicas);
        let is_asked_for = to == Size { replicas: bounds.0, ..has };
        prop_assert!(budget.is_none_or(|it| cost(to) <= it.max(cost(has)) || is_asked_for), "{:?}", choice);
        if candidates[to.at].usable < candidates[has.at].usable {
            let known = group.minutes.iter().flatten();
            let peak = known.rev().take(3 * 1440).map(|it| it.memory).fold(0.0, f64::max);
            prop_assert!(peak <= candidates[to.at].usable, "{:?}", choice);
        }
    }
}
