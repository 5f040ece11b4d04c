//! The command line.

use std::net::SocketAddr;
use std::path::PathBuf;

use jiff::Timestamp;

use crate::settings::{DataPlane, Quotas};

/// How a simulator is to run.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// Where it listens. Port 0 is any that is free.
    pub listen: SocketAddr,
    /// What stands behind the nodes: real redis-server processes, or the model alone.
    pub nodes: DataPlane,
    /// Where it keeps its files.
    pub state_dir: PathBuf,
    /// When the world's clock starts. Without one, now.
    pub start: Option<Timestamp>,
    /// So many seconds of AWS are one here. With 0 its time passes only when an operator lets it.
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
    /// Whether every open question about AWS has the other answer than usual.
    pub otherwise: bool,
    /// How many nodes the account may have; none for no end to it.
    pub node_quota: Option<usize>,
    /// The account.
    pub account: String,
    /// The region.
    pub region: String,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 4570)),
            nodes: DataPlane::Real,
            state_dir: std::env::temp_dir().join(format!("aws-sim-state-{}", std::process::id())),
            start: None,
            time_scale: 60,
            memory_scale: 16,
            cpu_scale: 1.0,
            sns_endpoint: None,
            lambda_endpoint: None,
            seed: None,
            otherwise: false,
            node_quota: Quotas::default().nodes,
            account: "123456789012".to_owned(),
            region: "us-east-1".to_owned(),
        }
    }
}

/// What `--help` prints.
pub const USAGE: &str = "\
aws-sim: ElastiCache with real redis-server processes, Secrets Manager, CloudWatch and Resource Groups Tagging, on loopback

  --listen ADDRESS:PORT   where it listens (127.0.0.1:4570); port 0 is any that is free, and printed
  --nodes real|modelled   what is behind the nodes: redis-server processes (real), or nothing, which needs none installed
  --state-dir DIR         where its files are: ca.pem, nodes, snapshots (a directory for temporary files)
  --start TIME            when its clock starts, such as 2026-01-01T00:00:00Z (now)
  --time-scale N          so many seconds of AWS are one here (60); with 0 time passes only by POST /_sim/advance
  --memory-scale N        so many bytes of AWS are one here (16)
  --cpu-scale N           so many cores of AWS are one here (1)
  --sns-endpoint URL      where alarms and events are published, such as http://127.0.0.1:4566
  --lambda-endpoint URL   where rotation functions are called
  --seed N                makes what is random repeat itself (another each time, and told)
  --switches usual|otherwise  what nobody could confirm of AWS: as documented, or every open question answered the other way
  --node-quota N|none     how many nodes the account may have (300)
  --account ID            the account (123456789012)
  --region NAME           the region (us-east-1)

POST /_sim/reset clears everything. POST /_sim/advance {\"seconds\": N} lets that much of AWS's time pass at once. GET /_sim/health,
GET /_sim/state, GET /_sim/calls, POST /_sim/failover {\"group\": ID}.
POST /_sim/faults takes what is to go wrong, GET tells what of it has not come about, DELETE forgets it:
  {\"rules\": [{\"service\", \"operation\", \"after\", \"times\", \"fault\"}], of calls, where fault is \"throttled\", \"unavailable\", \"denied\",
     {\"broken\": \"before\"} (or \"after\" its effect), {\"cut\": \"before\"} (nobody ever answers), {\"slowSeconds\": 2.5},
     {\"answer\": {\"status\", \"code\", \"message\"}}, {\"meanwhile\": \"primary-lost\"} (node-type-rolls-back, start-fails, snapshot-fails);
   \"events\": [{\"to\", \"after\", \"times\", \"mishap\"}], to topics and functions, where mishap is \"lost\", \"doubled\" or {\"lateSeconds\": 600};
   \"rollbacks\", \"stuck_members\", \"failing_snapshots\", \"failing_starts\": N; \"shortages\": {NODE TYPE: \"at-once\" or \"later\"}}
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
            "--nodes" => {
                self.nodes = match value {
                    "real" => DataPlane::Real,
                    "modelled" => DataPlane::Modelled,
                    _ => return Err(wrong("real or modelled")),
                };
            }
            "--state-dir" => self.state_dir = PathBuf::from(value),
            "--start" => self.start = Some(value.parse().map_err(|_| wrong("a time"))?),
            "--time-scale" => {
                let still = (value == "0").then_some(0);
                self.time_scale = still.or_else(scale).ok_or_else(|| wrong("from 0 to 100000"))?;
            }
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
            "--switches" => {
                self.otherwise = match value {
                    "usual" => false,
                    "otherwise" => true,
                    _ => return Err(wrong("usual or otherwise")),
                };
            }
            "--node-quota" => {
                self.node_quota = match value {
                    "none" => None,
                    number => Some(number.parse().map_err(|_| wrong("a whole number or none"))?),
                };
            }
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
        assert_eq!(options.nodes, DataPlane::Real);
        assert_eq!(parse("--nodes modelled").unwrap().unwrap().nodes, DataPlane::Modelled);
        assert!(parse("--switches otherwise").unwrap().unwrap().otherwise);
        let quota = |line| parse(line).unwrap().unwrap().node_quota;
        assert_eq!(quota("--node-quota none"), None);
        assert_eq!((quota("--node-quota 20"), quota("")), (Some(20), Some(300)));
        assert!(parse("--node-quota many").unwrap_err().contains("--node-quota: many"));
        let line = "--time-scale 0 --start 2026-01-01T00:00:00Z";
        let still = parse(line).unwrap().unwrap();
        assert_eq!((still.time_scale, still.start.unwrap().as_second()), (0, 1_767_225_600));
        assert_eq!(parse("--help"), Ok(None));
        let line =
            "--listen 0.0.0.0:80 --time-scale -1 --nodes none --switches off --what x --seed";
        let mistakes = parse(line).unwrap_err();
        for part in [
            "0.0.0.0:80",
            "--nodes: none",
            "--switches: off",
            "--time-scale",
            "--what",
            "--seed needs",
        ] {
            assert!(mistakes.contains(part), "{mistakes}");
        }
    }
}
