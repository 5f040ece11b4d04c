//! The Lambda function `snapshot`.

use lambda_runtime::{Error, run, service_fn};
use snapshot::App;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let app = App::from_environment().await?;
    run(service_fn(|event| app.handle(event))).await
}
