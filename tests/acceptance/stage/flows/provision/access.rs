//! How clients connect, and as whom: from neither TLS nor token to both, and from the token to users.

use std::time::Duration;

use aws_sim::drive::cloudformation::Status;
use aws_sim::drive::exhaust::{Case, Flow};
use aws_sim::elasticache::transit::Transit;
use serde_json::{Value, json};

use super::{STANDS, given_up, is_begun_late, problems_of};
use crate::flows::{Way, may_be_given_up, may_come_twice, on_scene, unless};
use crate::scene::{GROUP, Scene, properties};

/// TLS and a token come to a group that has neither.
pub(in crate::flows) struct Encrypt(pub(in crate::flows) Way);

impl Flow for Encrypt {
    on_scene!("provision-encrypt");
    may_come_twice!();

    async fn set(&self, seed: u64) -> Scene {
        let scene = Scene::new(self.0.settings(seed)).await;
        scene.created(&[("EnableEncryptionInTransit", json!(false))]).await;
        scene
    }

    async fn run(&self, scene: &Scene, _: Option<&Case>) {
        update(scene, &[]).await;
    }

    async fn problems(&self, scene: &Scene, case: Option<&Case>) -> Vec<String> {
        problems(scene, case, &PLAIN, &TOKEN).await
    }
}

/// The same, taken back while it is under way. A token that was given stays, since there is no way back from it.
pub(in crate::flows) struct EncryptGivenUp(pub(in crate::flows) Way);

impl Flow for EncryptGivenUp {
    on_scene!("provision-encrypt-given-up");
    may_be_given_up!();

    async fn set(&self, seed: u64) -> Scene {
        Encrypt(self.0).set(seed).await
    }

    async fn run(&self, scene: &Scene, case: Option<&Case>) {
        update_given_up(scene, case, &[], 45).await;
    }

    async fn problems(&self, scene: &Scene, case: Option<&Case>) -> Vec<String> {
        problems_of_giving_up(scene, case, &PLAIN, &TOKEN).await
    }
}

/// Users take the place of the token.
pub(in crate::flows) struct Users(pub(in crate::flows) Way);

impl Flow for Users {
    on_scene!("provision-users");
    may_come_twice!();

    async fn set(&self, seed: u64) -> Scene {
        let scene = Scene::new(self.0.settings(seed)).await;
        people(&scene).await;
        scene.created(&[]).await;
        scene
    }

    async fn run(&self, scene: &Scene, _: Option<&Case>) {
        update(scene, &[("UserGroupIds", json!("staff"))]).await;
    }

    async fn problems(&self, scene: &Scene, case: Option<&Case>) -> Vec<String> {
        problems(scene, case, &TOKEN, &USERS).await
    }
}

/// The same, taken back while it is under way: the token comes back, and nothing else opens the cache.
pub(in crate::flows) struct UsersGivenUp(pub(in crate::flows) Way);

impl Flow for UsersGivenUp {
    on_scene!("provision-users-given-up");
    may_be_given_up!();

    async fn set(&self, seed: u64) -> Scene {
        Users(self.0).set(seed).await
    }

    async fn run(&self, scene: &Scene, case: Option<&Case>) {
        update_given_up(scene, case, &[("UserGroupIds", json!("staff"))], 15).await;
    }

    async fn problems(&self, scene: &Scene, case: Option<&Case>) -> Vec<String> {
        problems_of_giving_up(scene, case, &TOKEN, &USERS).await
    }
}

/// A user, and a group of him and the stock one.
pub(in crate::flows) async fn people(scene: &Scene) {
    scene.by_hand(&[
        ("Action", "CreateUser"),
        ("UserId", "app"),
        ("UserName", "app"),
        ("Engine", "redis"),
        ("AccessString", "on ~* +@all"),
        ("Passwords.member.1", "password-of-the-app"),
    ]);
    scene.by_hand(&[
        ("Action", "CreateUserGroup"),
        ("UserGroupId", "staff"),
        ("Engine", "redis"),
        ("UserIds.member.1", "default"),
        ("UserIds.member.2", "app"),
    ]);
    let is_active = |it: &mut aws_sim::State| {
        it.elasticache.user_groups.get("staff").is_some_and(|it| it.status.word() == "active")
    };
    scene.account.play(Duration::from_mins(20), is_active).await;
}

async fn update(scene: &Scene, over: &[(&str, Value)]) {
    let outcome = scene.stack.update(&properties(over)).await;
    *scene.outcome.borrow_mut() = Some(outcome);
    scene.account.settle().await;
}

async fn update_given_up(scene: &Scene, case: Option<&Case>, over: &[(&str, Value)], after: u64) {
    let is_given_up = given_up(scene, case, Duration::from_secs(after));
    let outcome = scene.stack.update_given_up(&properties(over), is_given_up).await;
    *scene.outcome.borrow_mut() = Some(outcome);
    scene.account.settle().await;
}

/// How clients connect and log in, and what stands of the secret.
const PLAIN: [&str; 2] = ["Off, open, no secret", "Off, open, secret on its way out"];
const TOKEN: [&str; 1] = ["Required, token, secret"];
const USERS: [&str; 1] = ["Required, users of staff, secret on its way out"];
/// Where a rollback came while clients with and without a token were let in.
const OPTIONAL: &str = "Required, token or none, secret";

/// That, in words, and all else that does not stand as before.
fn access(scene: &Scene) -> (String, Vec<String>) {
    let mut left = scene.left();
    let secret = left.iter().position(|it| it.starts_with("secret")).map(|at| left.remove(at));
    let secret = secret.unwrap_or("no secret".to_owned());
    let others = STANDS.iter().filter(|it| **it != "secret");
    let is_whole = left.iter().map(String::as_str).eq(others.copied());
    let problem = unless(is_whole, format!("left are {left:?}"));
    let how = scene.world().with(|it| {
        let group = &it.elasticache.groups[GROUP];
        let login = match (group.user_groups.as_slice(), group.access.has_token()) {
            ([id, ..], _) => format!("users of {id}"),
            ([], true) if group.access.passwordless => "token or none".to_owned(),
            ([], true) => "token".to_owned(),
            ([], false) => "open".to_owned(),
        };
        let transit: Transit = group.transit;
        format!("{transit:?}, {login}")
    });
    (format!("{how}, {secret}"), problem.into_iter().collect())
}

async fn problems(
    scene: &Scene,
    case: Option<&Case>,
    before: &[&str],
    after: &[&str],
) -> Vec<String> {
    let bad = [Status::UpdateRollbackComplete];
    let mut problems = problems_of(scene, Status::UpdateComplete, &bad, case).await;
    let is_done = scene.outcome.borrow().as_ref().unwrap().status == Status::UpdateComplete;
    let (said, left) = access(scene);
    problems.extend(left);
    let is_well = is_one(&said, after) || !is_done && (is_one(&said, before) || said == OPTIONAL);
    problems.extend(unless(is_well, said));
    problems
}

async fn problems_of_giving_up(
    scene: &Scene,
    case: Option<&Case>,
    before: &[&str],
    after: &[&str],
) -> Vec<String> {
    let (good, bad) = (Status::UpdateRollbackComplete, [Status::UpdateRollbackFailed]);
    let is_late = is_begun_late(scene);
    let mut problems =
        if is_late { scene.problems().await } else { problems_of(scene, good, &bad, case).await };
    if is_late || scene.outcome.borrow().as_ref().unwrap().status == good {
        let (said, left) = access(scene);
        problems.extend(left);
        // From users there is a way back, and from none to a token there is none.
        let stays = is_late || before == PLAIN;
        let may_stay = stays && (is_one(&said, after) || said == OPTIONAL);
        problems.extend(unless(is_one(&said, before) || may_stay, said));
    }
    problems
}

fn is_one(said: &str, of: &[&str]) -> bool {
    of.contains(&said)
}
