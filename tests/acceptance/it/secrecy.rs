//! Tokens are planted, and then looked for in every line of the log, with everything of ours switched on.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_sim::fault::{Fault, Rule, Side};

use crate::rotate::stage::Stage;

/// A log that is kept.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test(start_paused = true)]
async fn no_line_of_the_log_holds_a_token() {
    let (log, lookup) = (Log::default(), |_: &str| Some("trace".to_owned()));
    let place = log.clone();
    let subscriber = platform::telemetry::subscriber(lookup, move || place.clone());
    // For every thread: with a subscriber of this thread only, a place in the code that another test reaches first is cached as
    // being of no interest to anybody. The lines of other tests are in the log too, and do no harm.
    tracing::subscriber::set_global_default(subscriber).unwrap();

    let stage = Stage::new().await;
    // Errors are where a token slips out most easily.
    for operation in ["ModifyReplicationGroup", "PutSecretValue", "GetSecretValue"] {
        stage.befall(Rule::operation(operation, Fault::Broken(Side::AfterEffect)));
        stage.befall(Rule::operation(operation, Fault::Denied).after(1));
    }
    stage.rotate().await;
    for _ in 0..8 {
        stage.scene.pass(Duration::from_mins(15)).await;
        stage.sweep().await;
    }
    stage.is_closed();

    // What is logged about a step would hold the token, were it not for its type.
    let said = log.text();
    assert!(said.contains("Rotate { group:") && said.contains("AuthToken(*****)"), "{said}");
    assert!(1 < stage.tokens.borrow().len());
    for token in stage.tokens.borrow().iter() {
        assert!(!said.contains(token.as_str()), "a token was logged");
    }
}
