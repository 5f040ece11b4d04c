//! The steps of a rotation, lost, doubled and late.

use serde_json::json;

use super::*;
use crate::drive::{Failure, Handling};
use crate::{Request, Settings};

const FUNCTION: &str = "arn:aws:lambda:us-east-1:123456789012:function:rotate";

/// A function that only notes which step it is called for, and when; promoting is not its affair, so no rotation comes to its end.
#[derive(Default)]
struct Notes(RefCell<Vec<(String, String, Timestamp)>>);

struct Noting(World, Rc<Notes>);

impl Functions for Noting {
    fn handle(&self, invocation: Invocation) -> Handling<'_> {
        let text = |key: &str| invocation.payload[key].as_str().unwrap_or_default().to_owned();
        let called = (text("Step"), text("ClientRequestToken"), self.0.clock());
        let is_last = called.0 == "testSecret";
        self.1.0.borrow_mut().push(called);
        Box::pin(async move {
            // Here it ends, so that a test counts three steps of one attempt.
            let failure = Failure { kind: "Error".to_owned(), message: "no".to_owned() };
            if is_last { Err(failure) } else { Ok(json!({})) }
        })
    }
}

/// Begins a rotation with this befalling its second step; gives the steps that the function was called for within this time,
/// and how many seconds after it began.
async fn steps(mishap: Option<EventMishap>, within: Duration) -> Vec<(String, i64)> {
    let world = World::new(Settings::default());
    let notes = Rc::new(Notes::default());
    let functions = Rc::new(Noting(world.clone(), Rc::clone(&notes)));
    let account = Account::new(world, functions, Plan::default());
    for (operation, body) in [
        (
            "CreateSecret",
            json!({ "Name": "a", "SecretString": "first-value", "ClientRequestToken": "0".repeat(32) }),
        ),
        (
            "RotateSecret",
            json!({ "SecretId": "a", "RotationLambdaARN": FUNCTION, "ClientRequestToken": "1".repeat(32) }),
        ),
    ] {
        let scope =
            "AWS4-HMAC-SHA256 Credential=AKID/20260101/us-east-1/secretsmanager/aws4_request";
        let headers = vec![
            ("authorization".to_owned(), scope.to_owned()),
            ("x-amz-target".to_owned(), format!("secretsmanager.{operation}")),
        ];
        let request = Request {
            method: "POST".to_owned(),
            uri: "/".to_owned(),
            headers,
            body: body.to_string().into_bytes(),
        };
        let answer = account.world().call(account.world().clock(), &request);
        assert_eq!(answer.status, 200, "{}", answer.text());
    }
    if let Some(mishap) = mishap {
        account.befall(1, mishap);
    }
    let began = account.world().clock();
    account.play(within, |_| false).await;
    assert!(!account.is_spared());
    let notes = notes.0.borrow();
    assert!(notes.iter().all(|it| it.1 == "1".repeat(32)), "one token throughout: {notes:?}");
    notes.iter().map(|(step, _, at)| (step.clone(), at.duration_since(began).as_secs())).collect()
}

#[tokio::test(start_paused = true)]
async fn a_step_that_is_doubled_comes_twice_with_one_token() {
    let half_a_minute = Duration::from_secs(30);
    let undisturbed = steps(None, half_a_minute).await;
    let names: Vec<&str> = undisturbed.iter().map(|it| it.0.as_str()).collect();
    assert_eq!(names, ["createSecret", "setSecret", "testSecret"]);
    let doubled = steps(Some(EventMishap::Doubled), half_a_minute).await;
    let mut names: Vec<&str> = doubled.iter().map(|it| it.0.as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, ["createSecret", "setSecret", "setSecret", "testSecret"]);
    let at: Vec<i64> = doubled.iter().filter(|it| it.0 == "setSecret").map(|it| it.1).collect();
    assert_eq!(at.last().map(|it| it - at[0]), Some(2), "{doubled:?}");
}

#[tokio::test(start_paused = true)]
async fn a_step_that_is_lost_fails_the_attempt_when_the_function_had_time_enough() {
    let lost = steps(Some(EventMishap::Lost), Duration::from_mins(20)).await;
    let (first, rest) = lost.split_at(1);
    assert_eq!(first[0].0, "createSecret");
    // A quarter of an hour for the step, and a minute until the next attempt.
    assert_eq!(rest[0].0, "createSecret");
    assert_eq!((rest[0].1 - first[0].1) / 60, 16, "{lost:?}");
}

#[tokio::test(start_paused = true)]
async fn a_step_that_is_late_is_waited_for() {
    let late = EventMishap::Late(SignedDuration::from_mins(5));
    let late = steps(Some(late), Duration::from_mins(6)).await;
    let names: Vec<&str> = late.iter().map(|it| it.0.as_str()).collect();
    assert_eq!(names, ["createSecret", "setSecret", "testSecret"]);
    assert_eq!((late[1].1 - late[0].1) / 60, 5, "{late:?}");
}
