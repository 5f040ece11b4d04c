//! The command line.

use std::net::SocketAddr;
use std::path::PathBuf;

/// How a simulator is to run.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// Where it listens. Port 0 is any that is free.
    pub listen: SocketAddr,
    /// Where it keeps its files.
    pub state_dir: PathBuf,
    /// So many seconds of AWS are one here.
    pub time_scale: u32,
    /// So many bytes of AWS are one here.
    pub memory_scale: u32,
    /// So many cores of AWS are one here.
    pub cpu_scale: f64,
    /// Where SNS is: `http://host:port`.
    pub sns_endpoint: Option<String>,
    /// Where Lambda is.
    pub lambda_endpoint: Option<String>,
    /// The seed of what is random. Without one each run is another.
    pub seed: Option<u64>,
    /// The account.
    pub account: String,
    /// The region.
    pub region: String,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 4570)),
            state_dir: std::env::temp_dir().join(format!("aws-sim-state-{}", std::process::id())),
            time_scale: 60,
            memory_scale: 16,
            cpu_scale: 1.0,
            sns_endpoint: None,
            lambda_endpoint: None,
            seed: None,
            account: "123456789012".to_owned(),
            region: "us-east-1".to_owned(),
        }
    }
}

/// What `--help` prints.
pub const USAGE: &str = "\
aws-sim: ElastiCache with real redis-server processes, Secrets Manager, CloudWatch and Resource Groups Tagging, on loopback

  --listen ADDRESS:PORT   where it listens (127.0.0.1:4570); port 0 is any that is free, and printed
  --state-dir DIR         where its files are: ca.pem, nodes, snapshots (a directory for temporary files)
  --time-scale N          so many seconds of AWS are one here (60)
  --memory-scale N        so many bytes of AWS are one here (16)
  --cpu-scale N           so many cores of AWS are one here (1)
  --sns-endpoint URL      where alarms and events are published, such as http://127.0.0.1:4566
  --lambda-endpoint URL   where rotation functions are called
  --seed N                makes what is random repeat itself
  --account ID            the account (123456789012)
  --region NAME           the region (us-east-1)

POST /_sim/reset clears everything. GET /_sim/health, GET /_sim/state, POST and DELETE /_sim/faults, POST /_sim/failover.
It ends, with all its servers, on SIGTERM or SIGINT.
";

impl Options {
    /// Reads the arguments, all mistakes at once. None: help is asked for.
    pub fn parse(arguments: impl IntoIterator<Item = String>) -> Result<Option<Self>, String> {
        let mut options = Self::default();
        let mut mistakes = Vec::new();
        let mut arguments = arguments.into_iter();
        while let Some(name) = arguments.next() {
            if name == "--help" || name == "-h" {
                return Ok(None);
            }
            let (name, value) = match name.split_once('=') {
                Some((name, value)) => (name.to_owned(), Some(value.to_owned())),
                None => (name, arguments.next()),
            };
            let Some(value) = value else {
                mistakes.push(format!("{name} needs a value"));
                continue;
            };
            if let Err(mistake) = options.set(&name, &value) {
                mistakes.push(mistake);
            }
        }
        if mistakes.is_empty() { Ok(Some(options)) } else { Err(mistakes.join("; ")) }
    }

    fn set(&mut self, name: &str, value: &str) -> Result<(), String> {
        let wrong = |what: &str| format!("{name}: {value} is not {what}");
        let scale = || value.parse().ok().filter(|it| (1..=100_000).contains(it));
        let url = || {
            let host = value.strip_prefix("http://").filter(|it| !it.is_empty());
            host.map(|_| value.trim_end_matches('/').to_owned())
        };
        match name {
            "--listen" => {
                let address: Option<SocketAddr> = value.parse().ok();
                // There is no authentication: nobody from outside may ever reach it.
                let address = address.filter(|it| it.ip().is_loopback());
                self.listen = address.ok_or_else(|| wrong("a loopback address and a port"))?;
            }
            "--state-dir" => self.state_dir = PathBuf::from(value),
            "--time-scale" => self.time_scale = scale().ok_or_else(|| wrong("from 1 to 100000"))?,
            "--memory-scale" => {
                self.memory_scale = scale().ok_or_else(|| wrong("from 1 to 100000"))?;
            }
            "--cpu-scale" => {
                let number = value.parse().ok().filter(|it: &f64| 0.0 < *it && it.is_finite());
                self.cpu_scale = number.ok_or_else(|| wrong("a number above 0"))?;
            }
            "--sns-endpoint" => {
                self.sns_endpoint = Some(url().ok_or_else(|| wrong("a URL with http://"))?);
            }
            "--lambda-endpoint" => {
                self.lambda_endpoint = Some(url().ok_or_else(|| wrong("a URL with http://"))?);
            }
            "--seed" => self.seed = Some(value.parse().map_err(|_| wrong("a whole number"))?),
            "--account" => value.clone_into(&mut self.account),
            "--region" => value.clone_into(&mut self.region),
            other => return Err(format!("{other} is not an option")),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Option<Options>, String> {
        Options::parse(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn options_are_read_and_all_mistakes_told() {
        let options = parse("--listen 127.0.0.1:0 --time-scale=20 --seed 7").unwrap().unwrap();
        assert_eq!((options.listen.port(), options.time_scale, options.seed), (0, 20, Some(7)));
        assert_eq!(parse("--help"), Ok(None));
        let mistakes = parse("--listen 0.0.0.0:80 --time-scale 0 --what x --seed").unwrap_err();
        for part in ["0.0.0.0:80", "--time-scale", "--what", "--seed needs"] {
            assert!(mistakes.contains(part), "{mistakes}");
        }
    }
}
