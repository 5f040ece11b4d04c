//! Who lets in users in place of a token goes for the night, and lets in the same ones in the morning.

use std::time::Duration;

use aws_sim::State;
use aws_sim::elasticache::model::Group;
use domain::tag;
use serde_json::json;

use super::super::restore::users::with_users;
use super::super::stage::{BYTES, Stage, summary};
use super::states;

const SHOP: &str = "shop";

/// A group of the users of `staff` that may be parked.
async fn dusk() -> Stage {
    let (stage, _) = with_users().await;
    stage.scene.world.with(|it| {
        shop(it).tags.insert(tag::PARK.to_owned(), "nightly".to_owned());
    });
    stage
}

fn shop(state: &mut State) -> &mut Group {
    state.elasticache.groups.get_mut(SHOP).unwrap()
}

/// Who logs in, with what, and what is there then.
fn login(stage: &Stage) -> String {
    stage.scene.world.with(|it| {
        let group = shop(it);
        format!(
            "{:?} {:?} {:?} {}",
            group.transit, group.user_groups, group.access, group.bytes_used
        )
    })
}

#[tokio::test(start_paused = true)]
async fn a_group_comes_back_with_its_users_and_lets_in_nobody_else() {
    let stage = dusk().await;
    let was = login(&stage);
    let said = summary(&stage.send(json!({ "action": "park", "group": SHOP })).await);
    assert!(said.starts_with("settled: shop: it is parked with shop-park-"), "{said}");
    assert!(!stage.groups().contains(&SHOP.to_owned()));
    stage.scene.pass(Duration::from_hours(12)).await;
    let said = summary(&stage.send(json!({ "action": "unpark", "group": SHOP })).await);
    assert!(said.starts_with("settled: shop: ") && said.contains("shop is there"), "{said}");
    assert_eq!((login(&stage), states(&stage)), (was, vec!["back".to_owned()]));
    stage.scene.world.with(|it| {
        let group = shop(it);
        assert_eq!(
            (group.user_groups.as_slice(), group.bytes_used),
            (&["staff".to_owned()][..], BYTES)
        );
        assert!(!group.access.has_token() && !group.access.users.is_empty(), "{:?}", group.access);
        assert_eq!(group.tags.get(tag::SECRET), None);
    });
    stage.keeps_its_secrets();
}

#[tokio::test(start_paused = true)]
async fn a_group_whose_users_are_gone_is_told_with_them_and_comes_back_once_they_are_there() {
    let stage = dusk().await;
    let was = login(&stage);
    let said = summary(&stage.send(json!({ "action": "park", "group": SHOP })).await);
    assert!(said.starts_with("settled"), "{said}");
    let staff = stage.scene.world.with(|it| it.elasticache.user_groups.remove("staff")).unwrap();
    let said = summary(&stage.send(json!({ "action": "unpark", "group": SHOP })).await);
    let why = "CreateReplicationGroup failed: UserGroupNotFound: User group staff not found";
    assert!(said.starts_with("failed: shop: ") && said.contains(why), "{said}");
    let told = stage.told();
    // At once, and when nobody tries any more.
    assert!(told.len() == 2 && told.iter().all(|it| it.message.contains(why)), "{told:?}");
    assert!(told[0].message.contains("tried again every minute"), "{told:?}");
    // It lets in nobody else meanwhile: it is not there.
    assert!(!stage.groups().contains(&SHOP.to_owned()));
    assert_eq!(states(&stage), ["parked"]);
    stage.scene.world.with(|it| it.elasticache.user_groups.insert("staff".to_owned(), staff));
    let said = summary(&stage.send(json!({ "action": "unpark", "group": SHOP })).await);
    assert!(said.starts_with("settled"), "{said}");
    assert_eq!((login(&stage), states(&stage)), (was, vec!["back".to_owned()]));
}
