//! What is true of a credential at every moment of its rotation, and in the end.

use std::time::Duration;

use aws_sim::elasticache::NodeView;
use aws_sim::secrets::{Content, Secret};
use aws_sim::{Access, State};
use jiff::{SignedDuration, Timestamp};

use crate::credential::{accepted, labelled, of_text};
use crate::flows::unless;
use crate::scene::{GROUP, SECRET, Scene};

/// For how long the old credential stays, in every flow.
pub(super) const GRACE: SignedDuration = SignedDuration::from_mins(30);

/// From the promotion of a credential until nothing else gets in: the grace, two sweeps that are each up to a quarter of an hour away, and
/// one that is lost, late or cut.
pub(super) const UNTIL_CLOSED: Duration = Duration::from_mins(95);

/// A secret, and what it opens.
#[derive(Clone, Copy)]
pub(super) struct Opener {
    pub(super) secret: &'static str,
    pub(super) groups: &'static [&'static str],
    /// Whose password it is; none, where it is the token of the groups.
    pub(super) user: Option<&'static str>,
}

/// The token of the stack's group.
pub(super) const TOKEN: Opener = Opener { secret: SECRET, groups: &[GROUP], user: None };

/// What was in use when, which a look alone does not tell.
#[derive(Default)]
struct Past {
    /// The credential in use, and the one that clients had before, if it opened anything then.
    current: Option<String>,
    before: Option<String>,
    since: Option<Timestamp>,
    /// Nobody gets in without a token any more.
    is_closed: bool,
}

impl Opener {
    /// From now on every change of the world is looked at.
    pub(super) fn watch(self, scene: &Scene) {
        let mut past = Past::default();
        scene.world().with(|it| it.watch.set(move |state| self.look(state, &mut past)));
    }

    fn look(self, state: &State, past: &mut Past) -> Option<String> {
        let secret = state.secrets.secrets.get(self.secret)?;
        let current = labelled(secret, "AWSCURRENT")?;
        let nodes = self.nodes(state);
        if past.current.as_ref() != Some(&current) {
            let is_first = past.current.is_none();
            let opened = |it: &String| nodes.iter().any(|node| self.opens(&node.access, it));
            past.before = past.current.replace(current.clone()).filter(opened);
            past.since = Some(state.now).filter(|_| !is_first);
        }
        let is_in_grace = past.since.is_some_and(|it| state.now < it + GRACE);
        let old = past.before.as_ref().filter(|_| is_in_grace);
        let is_open = |it: &NodeView| self.user.is_none() && it.access.passwordless;
        let wrong = nodes.iter().find_map(|node| {
            let what = self.wrong_with(node, secret, &current, old, past.is_closed)?;
            Some(format!("{} {what}", node.member))
        });
        past.is_closed |= !nodes.is_empty() && !nodes.iter().any(is_open);
        wrong
    }

    /// What does not hold of a node just now.
    fn wrong_with(
        self,
        node: &NodeView,
        secret: &Secret,
        current: &str,
        old: Option<&String>,
        was_closed: bool,
    ) -> Option<&'static str> {
        let access = &node.access;
        let is_open = self.user.is_none() && access.passwordless;
        let passwords = accepted(access, self.user);
        let is_known = |password: &String| texts(secret).any(|it| of_text(it) == *password);
        if node.serves && !is_open && !self.opens(access, current) {
            Some("is not opened by the current secret")
        } else if was_closed && is_open {
            Some("lets in without a password again")
        } else if 2 < passwords.len() {
            Some("accepts more than two credentials")
        } else if !passwords.iter().all(is_known) {
            Some("accepts what no version of the secret holds")
        } else if old.is_some_and(|it| !self.opens(access, it)) {
            Some("refuses the old credential within its grace")
        } else {
            None
        }
    }

    /// Everything that is not as it must be after a rotation and its grace.
    pub(super) async fn rotated(self, scene: &Scene) -> Vec<String> {
        let mut problems = scene.problems().await;
        problems.extend(self.not_promoted(scene));
        problems.extend(self.left_open(scene));
        problems
    }

    /// What is not as it must be in the end: the current credential opens every node, and nothing else does.
    pub(super) fn left_open(self, scene: &Scene) -> Vec<String> {
        scene.world().with(|it| {
            let current = labelled(&it.secrets.secrets[self.secret], "AWSCURRENT");
            let nodes = self.nodes(it);
            let mut problems: Vec<_> =
                unless(!nodes.is_empty(), "no node is left").into_iter().collect();
            for node in nodes {
                let is_open = self.user.is_none() && node.access.passwordless;
                let is_closed = !is_open && accepted(&node.access, self.user).iter().eq(&current);
                let member = &node.member;
                problems.extend(unless(
                    is_closed,
                    format!("{member} accepts more than the current credential"),
                ));
            }
            problems
        })
    }

    /// What is not as it must be after a rotation: another credential is in use.
    fn not_promoted(self, scene: &Scene) -> Option<String> {
        scene.world().with(|it| {
            let secret = &it.secrets.secrets[self.secret];
            let (current, before) =
                (labelled(secret, "AWSCURRENT"), labelled(secret, "AWSPREVIOUS"));
            unless(before.is_some() && current != before, "it was not promoted")
        })
    }

    fn opens(self, access: &Access, credential: &str) -> bool {
        match self.user {
            Some(user) => access.admits_user(user, credential),
            None => access.admits(Some(credential)),
        }
    }

    fn nodes(self, state: &State) -> Vec<NodeView> {
        let nodes = state.nodes().into_iter();
        nodes.filter(|it| self.groups.contains(&it.group.as_str())).collect()
    }
}

/// The texts of all versions, those that have lost their labels too.
fn texts(secret: &Secret) -> impl Iterator<Item = &str> {
    secret.versions.values().filter_map(|it| match it.content.as_ref()? {
        Content::Text(text) => Some(text.as_str()),
        Content::Binary(_) => None,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::flows::Way;
    use crate::scene::is_available;

    /// What a person does to the token of the group, until it is done.
    async fn change(scene: &Scene, token: &str, how: &str) {
        scene.by_hand(&[
            ("Action", "ModifyReplicationGroup"),
            ("ReplicationGroupId", GROUP),
            ("AuthToken", token),
            ("AuthTokenUpdateStrategy", how),
            ("ApplyImmediately", "true"),
        ]);
        scene.account.pass(Duration::from_secs(30)).await;
        assert!(scene.world().with(|it| is_available(it, GROUP)));
    }

    async fn watched() -> Scene {
        let scene = Scene::new(Way::Usual.settings(1)).await;
        scene.created(&[("AutoscaleMode", json!("off")), ("SnapshotKeep", json!(0))]).await;
        TOKEN.watch(&scene);
        scene
    }

    #[track_caller]
    fn check(scene: &Scene, expected: &[&str]) {
        let seen = scene.world().with(|it| it.watch.seen().to_vec());
        for (seen, expected) in seen.iter().zip(expected) {
            assert!(seen.ends_with(&format!("{GROUP}-001 {expected}")), "{seen}");
        }
        assert_eq!(seen.len(), expected.len(), "{seen:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_token_from_elsewhere_and_a_secret_that_opens_nothing_are_seen() {
        let scene = watched().await;
        assert_eq!(TOKEN.left_open(&scene), [""; 0]);
        change(&scene, "planted-from-elsewhere-1", "ROTATE").await;
        check(&scene, &["accepts what no version of the secret holds"]);
        assert_eq!(TOKEN.left_open(&scene).len(), 2, "on both nodes");
        change(&scene, "planted-from-elsewhere-2", "ROTATE").await;
        check(
            &scene,
            &["accepts what no version of the secret holds", "is not opened by the current secret"],
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_grace_that_is_cut_short_is_seen() {
        let scene = watched().await;
        scene.manager("RotateSecret", json!({ "SecretId": SECRET }));
        scene.account.settle().await;
        check(&scene, &[]);
        assert_eq!(TOKEN.not_promoted(&scene), None);
        let current = scene.world().with(|it| labelled(&it.secrets.secrets[SECRET], "AWSCURRENT"));
        change(&scene, &current.unwrap(), "SET").await;
        check(&scene, &["refuses the old credential within its grace"]);
    }
}
