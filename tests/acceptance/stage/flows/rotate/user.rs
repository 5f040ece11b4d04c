//! The password of a user that two groups carry.

use std::time::Duration;

use aws_sim::drive::exhaust::{Case, Flow};
use domain::tag;

use super::by_hand::{FIRST, begin, group, secret};
use super::moments::{Opener, UNTIL_CLOSED};
use crate::flows::{Way, on_scene};
use crate::scene::{GROUP, Scene};

const USER: &str = "app";
const SECRET: &str = "orders-app-password";
const CARTS: &str = "carts-redis-production";
const PASSWORD: Opener = Opener { secret: SECRET, groups: &[GROUP, CARTS], user: Some(USER) };

/// Both groups take both passwords until the grace is over.
pub(in crate::flows) struct User(pub(in crate::flows) Way);

impl Flow for User {
    on_scene!("rotate-user");
    is_swept!();

    async fn set(&self, seed: u64) -> Scene {
        let scene = Scene::new(self.0.settings(seed)).await;
        let arn = secret(&scene, SECRET, (tag::USER, USER));
        scene.by_hand(&[
            ("Action", "CreateUser"),
            ("UserId", USER),
            ("UserName", USER),
            ("Engine", "redis"),
            ("AccessString", "on ~* +@all"),
            ("Passwords.member.1", FIRST),
            ("Tags.Tag.1.Key", tag::SECRET),
            ("Tags.Tag.1.Value", &arn),
        ]);
        scene.by_hand(&[
            ("Action", "CreateUserGroup"),
            ("UserGroupId", "staff"),
            ("Engine", "redis"),
            ("UserIds.member.1", "default"),
            ("UserIds.member.2", USER),
        ]);
        scene.account.pass(Duration::from_mins(2)).await;
        for id in PASSWORD.groups {
            group(&scene, id, &[("UserGroupIds.member.1", "staff")]).await;
        }
        PASSWORD.watch(&scene);
        begin(&scene, SECRET);
        scene
    }

    async fn run(&self, scene: &Scene, _: Option<&Case>) {
        scene.account.settle().await;
        scene.account.pass(UNTIL_CLOSED).await;
    }

    async fn problems(&self, scene: &Scene, _: Option<&Case>) -> Vec<String> {
        PASSWORD.rotated(scene).await
    }
}
