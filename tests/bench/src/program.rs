//! The binaries that are measured: where they are, how large, and what they are asked.

use std::error::Error;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use flate2::Compression;
use flate2::write::DeflateEncoder;

/// A binary and the events that it is sent, in turns.
#[derive(Clone, Debug)]
pub(crate) struct Program {
    pub(crate) name: &'static str,
    pub(crate) path: PathBuf,
    /// `RESPOND_HERE` in an event is a URL of ours that takes a PUT.
    pub(crate) events: &'static [&'static str],
}

/// The functions, and the bare one last.
///
/// The first event of each asks for nothing, so that the first invocation is the code's own time; the second makes it speak to AWS,
/// which is ours and knows of nothing, so that the peak of memory has clients and connections in it.
pub(crate) fn all(directory: &Path) -> Vec<Program> {
    let program = |name, events| Program { name, path: directory.join(name), events };
    vec![
        program("provision", &[r#"{"hello":"world"}"#, PROVISION]),
        program(
            "rotate",
            &[
                r#"{"Step":"unknownSecret","SecretId":"arn:aws:secretsmanager:us-east-1:123456789012:secret:none-AbCdEf","ClientRequestToken":"00000000-0000-0000-0000-000000000000"}"#,
                r#"{"Step":"createSecret","SecretId":"arn:aws:secretsmanager:us-east-1:123456789012:secret:none-AbCdEf","ClientRequestToken":"00000000-0000-0000-0000-000000000000"}"#,
            ],
        ),
        program("snapshot", &[r#"{"hello":"world"}"#, r#"{"action":"plan","group":"none"}"#]),
        program("autoscale", &[r#"{"hello":"world"}"#, r#"{"action":"plan","group":"none"}"#]),
        program("bare", &[r#"{"hello":"world"}"#]),
    ]
}

/// A Create whose properties are all wrong: it is answered at once, over HTTP, and makes nothing.
const PROVISION: &str = r#"{"RequestType":"Create","RequestId":"00000000-0000-0000-0000-000000000000","ResponseURL":"RESPOND_HERE","StackId":"arn:aws:cloudformation:us-east-1:123456789012:stack/bench/00000000-0000-0000-0000-000000000000","LogicalResourceId":"Cache","ResourceType":"Custom::RedisCache","ResourceProperties":{"ServiceToken":"arn:aws:lambda:us-east-1:123456789012:function:bench-provision","RedisNodeType":"huge"}}"#;

/// Builds all of them with the release profile, and tells where they are: beside this very program.
pub(crate) fn build() -> Result<PathBuf, Box<dyn Error>> {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let status = Command::new(cargo)
        .args(["build", "--release", "-p", "provision", "-p", "rotate", "-p", "snapshot"])
        .args(["-p", "autoscale", "-p", "bench"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .status()?;
    if !status.success() {
        return Err("the functions could not be built".into());
    }
    let here = std::env::current_exe()?;
    Ok(here.parent().ok_or("a program without a directory")?.to_path_buf())
}

/// The size of a file, and its size deflated as a deployment package is.
pub(crate) fn sizes(path: &Path) -> Result<(u64, u64), Box<dyn Error>> {
    let binary = std::fs::read(path).map_err(|err| format!("{}: {err}", path.display()))?;
    let mut deflated = DeflateEncoder::new(Vec::new(), Compression::best());
    deflated.write_all(&binary)?;
    let size = |it: &[u8]| u64::try_from(it.len());
    Ok((size(&binary)?, size(&deflated.finish()?)?))
}
