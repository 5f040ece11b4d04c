//! AUTH tokens: what is taken, when it shows, and whom the nodes let in.

use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};

use super::groups::{ended, orders, until_available};
use super::{Story, Switches};
use crate::elasticache::stories::{Caller, TOKEN, one};

const SECOND: &str = "second-token-000";
const NOW: (&str, &str) = ("ApplyImmediately", "true");

pub(super) const STORIES: &[Story] = &[
    Story {
        switch: "rotate_to_newest",
        take: |to, from| to.rotate_to_newest = from.rotate_to_newest,
        tell: rotated_twice,
        usual: "accepted, lets in the second token",
        otherwise: "InvalidParameterCombination, lets in both tokens",
    },
    Story {
        switch: "bad_set_code",
        take: |to, from| to.bad_set_code = from.bad_set_code,
        tell: |switches| {
            let mut aws = orders("2", switches);
            change(&mut aws, "SET", SECOND)
        },
        usual: "InvalidParameterValue",
        otherwise: "InvalidParameterCombination",
    },
    Story {
        switch: "set_without_token",
        take: |to, from| to.set_without_token = from.set_without_token,
        tell: |switches| {
            let mut aws = open(switches);
            change(&mut aws, "SET", TOKEN)
        },
        usual: "InvalidParameterValue",
        otherwise: "accepted",
    },
    Story {
        switch: "rotate_keeps_optional",
        take: |to, from| to.rotate_keeps_optional = from.rotate_keeps_optional,
        tell: |switches| {
            let mut aws = open(switches);
            change(&mut aws, "ROTATE", TOKEN);
            aws.pass(20);
            change(&mut aws, "ROTATE", SECOND);
            aws.pass(20);
            if admits(&aws, None) { "needs no token" } else { "needs a token" }.to_owned()
        },
        usual: "needs a token",
        otherwise: "needs no token",
    },
    Story {
        switch: "token_change_cuts",
        take: |to, from| to.token_change_cuts = from.token_change_cuts,
        tell: a_connection_over_a_change,
        usual: "+PONG",
        otherwise: "the connection has ended",
    },
    Story {
        switch: "token_date_on_accept",
        take: |to, from| to.token_date_on_accept = from.token_date_on_accept,
        tell: when_the_date_moves,
        usual: "it moves when the change is done",
        otherwise: "it moves when the change is accepted",
    },
    Story {
        switch: "token_status_lag",
        take: |to, from| to.token_status_lag = from.token_status_lag,
        tell: |switches| {
            let mut aws = orders("2", switches);
            change(&mut aws, "ROTATE", SECOND);
            until_available(&mut aws);
            one(&aws.group(), "AuthTokenStatus")
        },
        usual: "",
        otherwise: "ROTATING",
    },
    Story {
        switch: "access_lag",
        take: |to, from| to.access_lag = from.access_lag,
        tell: |switches| {
            let mut aws = orders("2", switches);
            change(&mut aws, "ROTATE", SECOND);
            until_available(&mut aws);
            who(&aws)
        },
        usual: "lets in both tokens",
        otherwise: "lets in the first token",
    },
    Story {
        switch: "token_needs_three_classes",
        take: |to, from| to.token_needs_three_classes = from.token_needs_three_classes,
        tell: |switches| {
            let mut aws = orders("2", switches);
            change(&mut aws, "ROTATE", "only-letters-and-hyphens")
        },
        usual: "accepted",
        otherwise: "InvalidParameterValue",
    },
];

/// How the second of two equal ROTATEs ends, and whom the nodes let in afterwards.
pub(super) fn rotated_twice(switches: Switches) -> String {
    let mut aws = orders("2", switches);
    change(&mut aws, "ROTATE", SECOND);
    aws.pass(20);
    let ended = change(&mut aws, "ROTATE", SECOND);
    aws.pass(20);
    format!("{ended}, {}", who(&aws))
}

/// A caller with a group that has no token.
fn open(switches: Switches) -> Caller {
    let mut aws = Caller::new(|it| it.switches = switches);
    aws.create("orders", "2", &[]).unwrap();
    aws.pass(20);
    aws
}

fn change(aws: &mut Caller, strategy: &str, token: &str) -> String {
    ended(aws.modify(&[("AuthToken", token), ("AuthTokenUpdateStrategy", strategy), NOW]))
}

fn admits(aws: &Caller, token: Option<&str>) -> bool {
    let host = host(aws);
    aws.world.with(|it| it.elasticache.access_at(&host).unwrap().admits(token))
}

fn host(aws: &Caller) -> String {
    aws.world.with(|it| it.elasticache.groups["orders"].primary_endpoint.host.clone())
}

fn who(aws: &Caller) -> String {
    let who = match (admits(aws, Some(TOKEN)), admits(aws, Some(SECOND))) {
        (true, true) => "both tokens",
        (true, false) => "the first token",
        (false, true) => "the second token",
        (false, false) => "nobody",
    };
    format!("lets in {who}")
}

fn when_the_date_moves(switches: Switches) -> String {
    let mut aws = orders("2", switches);
    let date = |aws: &mut Caller| one(&aws.group(), "AuthTokenLastModifiedDate");
    let before = date(&mut aws);
    change(&mut aws, "ROTATE", SECOND);
    let accepted = date(&mut aws);
    aws.pass(20);
    match (before == accepted, accepted == date(&mut aws)) {
        (true, false) => "it moves when the change is done".to_owned(),
        (false, true) => "it moves when the change is accepted".to_owned(),
        (stayed, stays) => format!("stayed: {stayed}, then {stays}"),
    }
}

/// What a client that was let in before a change hears after it.
fn a_connection_over_a_change(switches: Switches) -> String {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_time().start_paused(true).build().unwrap();
    runtime.block_on(async {
        let mut aws = orders("2", switches);
        let mut client = BufReader::new(aws.world.connect(&host(&aws)).unwrap());
        let mut heard = String::new();
        client.write_all(format!("AUTH {TOKEN}\r\n").as_bytes()).await.unwrap();
        client.read_line(&mut heard).await.unwrap();
        assert_eq!(heard, "+OK\r\n");
        change(&mut aws, "ROTATE", SECOND);
        aws.pass(20);
        heard.clear();
        client.write_all(b"PING\r\n").await.unwrap();
        client.read_line(&mut heard).await.unwrap();
        if heard.is_empty() { "the connection has ended" } else { heard.trim() }.to_owned()
    })
}
