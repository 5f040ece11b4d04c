"""The local cloud: an AWS on this machine, on free ports, with its state in a directory of this checkout.

- MiniStack is CloudFormation, Lambda, Step Functions, SNS, SQS, EventBridge Scheduler, S3, IAM, EC2's networks and the logs.
- aws-sim, ours, is ElastiCache with real redis-server processes behind its nodes, Secrets Manager with rotation, CloudWatch with
  metrics and alarms, Resource Groups Tagging, and what is registered with Application Auto Scaling.

The functions run as processes of MiniStack and inherit its environment, which leads each of their services to its server.
"""

import json
import os
import shutil
import struct
import subprocess
import sys
import time
import urllib.request
from datetime import datetime, timezone
from pathlib import Path

import boto3
from botocore.config import Config

import processes
from waiting import Failure, expect, until

ROOT = Path(__file__).resolve().parents[2]
STATE = ROOT / ".local-cloud"
REGION = "us-east-1"
ACCOUNT = "123456789012"

# Twenty seconds of ElastiCache's work pass in one: a group is there after half a minute instead of ten.
TIME_SCALE = 20
# A cache.t4g.micro has 384 MB for keys; of this, a sixteenth is really filled.
MEMORY_SCALE = 16
# Readers and servers share the cores of this machine, and leave a node less than one for its thread.
CPU_SCALE = 1.25

OF_AWS_SIM = {
    "elasticache": "AWS_ENDPOINT_URL_ELASTICACHE",
    "secretsmanager": "AWS_ENDPOINT_URL_SECRETS_MANAGER",
    "cloudwatch": "AWS_ENDPOINT_URL_CLOUDWATCH",
    "application-autoscaling": "AWS_ENDPOINT_URL_APPLICATION_AUTO_SCALING",
    "resourcegroupstaggingapi": "AWS_ENDPOINT_URL_RESOURCE_GROUPS_TAGGING_API",
}


class Cloud:
    def __init__(self, name):
        self.directory = STATE / name
        self.file = self.directory / "cloud.json"
        self.state = {}
        self.clients = {}

    # ------------------------------------------------------------ starting and stopping

    def start(self):
        """Starts the servers. What an earlier run left behind under the same name is stopped first."""
        self.stop()
        shutil.rmtree(self.directory, ignore_errors=True)
        (self.directory / "tmp").mkdir(parents=True)
        self.state = {"gateway": processes.free_port(), "aws_sim": processes.free_port(), "processes": []}
        self.start_aws_sim()
        self.state["clock"] = self.read_clock()
        self.start_ministack()
        self.state["network"] = self.make_network()
        self.save()

    def start_aws_sim(self):
        port = self.state["aws_sim"]
        gateway = f"http://127.0.0.1:{self.state['gateway']}"
        command = [
            target_directory() / "debug" / "aws-sim",
            *("--listen", f"127.0.0.1:{port}"),
            *("--state-dir", self.directory / "aws-sim"),
            *("--time-scale", TIME_SCALE),
            *("--memory-scale", MEMORY_SCALE),
            *("--cpu-scale", CPU_SCALE),
            *("--sns-endpoint", gateway),
            *("--lambda-endpoint", gateway),
        ]
        environment = clean_environment() | credentials()
        server = processes.start("aws-sim", command, environment, self.directory)
        self.remember(server)
        processes.wait_for_port(server, port, within())
        until("aws-sim to write its certificate authority", self.authority.exists, within())

    def start_ministack(self):
        port = self.state["gateway"]
        environment = self.environment() | {
            "GATEWAY_PORT": str(port),
            "BIND_HOST": "127.0.0.1",
            "MINISTACK_HOST": "127.0.0.1",
            "MINISTACK_REGION": REGION,
            "MINISTACK_ACCOUNT_ID": ACCOUNT,
            # It would listen on a fixed port, and two clones could not run side by side.
            "IOT_MTLS_ENABLED": "0",
            # Its own files, and the functions' unpacked code.
            "TMPDIR": str(self.directory / "tmp"),
            "SFN_WAIT_SCALE": str(1 / TIME_SCALE),
            "PYTHONUNBUFFERED": "1",
            **self.clock_environment(),
        }
        server = processes.start("ministack", [sys.executable, Path(__file__).with_name("emulator.py")], environment, self.directory)
        self.remember(server)
        processes.wait_for_port(server, port, within())

    def read_clock(self):
        """The simulated time, at a moment of real time."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.state['aws_sim']}/_sim/health", timeout=10) as answer:
            health = json.load(answer)
        real = time.time_ns()
        day, _, fraction = health["now"].removesuffix("Z").partition(".")
        whole = int(datetime.fromisoformat(f"{day}+00:00").timestamp())
        return {"real": real, "simulated": whole * 10**9 + int(fraction.ljust(9, "0")), "scale": health["time_scale"]}

    def clock_environment(self):
        """Gives a process the simulated time of day (see clock.c)."""
        library = self.directory / "clock.so"
        source = Path(__file__).with_name("clock.c")
        done = subprocess.run(["cc", "-O2", "-shared", "-fPIC", "-o", library, source], check=False)
        expect(done.returncode == 0, "clock.c could not be compiled")
        clock = self.state["clock"]
        self.write_leapt(0)
        return {
            "LD_PRELOAD": str(library),
            "LOCAL_CLOUD_CLOCK": f"{clock['real']} {clock['simulated']} {clock['scale']}",
            "LOCAL_CLOUD_LEAP": str(self.leap_file),
        }

    def now(self):
        """The time of day in this cloud."""
        clock = self.state["clock"]
        nanoseconds = clock["simulated"] + (time.time_ns() - clock["real"]) * clock["scale"] + self.leapt()
        return datetime.fromtimestamp(nanoseconds / 1e9, timezone.utc)

    def leap(self, hours):
        """Lets so many hours pass at once, for all servers and functions. Redis has clocks of its own, which stay."""
        wanted = json.dumps({"seconds": hours * 3600}).encode()
        # AWS first: a function between the two sees what lies before its own time, as ever, and no gap.
        with urllib.request.urlopen(f"http://127.0.0.1:{self.state['aws_sim']}/_sim/advance", data=wanted, timeout=120) as answer:
            answer.read()
        self.write_leapt(self.leapt() + hours * 3600 * 10**9)

    @property
    def leap_file(self):
        return self.directory / "leap"

    def leapt(self):
        """The nanoseconds of all leaps so far."""
        return struct.unpack("=q", self.leap_file.read_bytes())[0] if self.leap_file.exists() else 0

    def write_leapt(self, nanoseconds):
        """All at once and in place, as processes have the file mapped (see clock.c)."""
        file = os.open(self.leap_file, os.O_WRONLY | os.O_CREAT)
        try:
            os.pwrite(file, struct.pack("=q", nanoseconds), 0)
        finally:
            os.close(file)

    def speed(self):
        return self.state["clock"]["scale"]

    def stop(self):
        """Stops what was started, also by a process that is gone."""
        if not self.file.exists():
            return False
        self.load()
        running = [it for it in self.state.get("processes", []) if processes.is_running(it) or processes.members(it["pid"])]
        for process in reversed(running):
            processes.stop(process)
        self.file.unlink()
        return bool(running)

    def is_running(self):
        if not self.file.exists():
            return False
        self.load()
        return bool(self.state["processes"]) and all(map(processes.is_running, self.state["processes"]))

    def remember(self, process):
        self.state["processes"].append(process)
        self.save()

    def save(self):
        self.file.write_text(json.dumps(self.state, indent=2))

    def load(self):
        self.state = json.loads(self.file.read_text())

    def logs(self):
        """The last lines of what the servers wrote."""
        return "\n".join(f"--- {it['log']}\n{processes.tail(it['log'])}" for it in self.state.get("processes", []))

    # ------------------------------------------------------------ using it

    @property
    def authority(self):
        """The certificate authority of the simulated nodes."""
        return self.directory / "aws-sim" / "ca.pem"

    @property
    def gateway(self):
        return f"http://127.0.0.1:{self.state['gateway']}"

    def endpoints(self):
        aws_sim = f"http://127.0.0.1:{self.state['aws_sim']}"
        return {"AWS_ENDPOINT_URL": self.gateway} | {variable: aws_sim for variable in OF_AWS_SIM.values()}

    def exports(self):
        """What a person sets to use this cloud."""
        return credentials() | self.endpoints() | {"SSL_CERT_FILE": str(self.authority)}

    def environment(self):
        """The environment of commands that use this cloud, and of nothing else: whoever is logged in to AWS is not, in here."""
        return clean_environment() | self.exports() | {"AWS_PAGER": "", **self.sam_settings()}

    def sam_settings(self):
        """Keeps sam from calling home, and from the user's own settings."""
        directory = self.directory / "sam"
        directory.mkdir(parents=True, exist_ok=True)
        (directory / "metadata.json").write_text(json.dumps({"telemetryEnabled": False, "lastVersionCheck": time.time()}))
        return {"SAM_CLI_TELEMETRY": "0", "__SAM_CLI_APP_DIR": str(directory)}

    def client(self, service):
        if service not in self.clients:
            endpoints = self.endpoints()
            self.clients[service] = boto3.client(
                service,
                endpoint_url=endpoints[OF_AWS_SIM.get(service, "AWS_ENDPOINT_URL")],
                region_name=REGION,
                aws_access_key_id=credentials()["AWS_ACCESS_KEY_ID"],
                aws_secret_access_key=credentials()["AWS_SECRET_ACCESS_KEY"],
                config=Config(retries={"max_attempts": 3, "mode": "standard"}, read_timeout=150),
            )
        return self.clients[service]

    def shown(self):
        """The directory, as a person in this checkout would write it."""
        return self.directory.relative_to(ROOT)

    def make_network(self):
        """A VPC with two private subnets, and the security group of an application."""
        ec2 = self.client("ec2")
        vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        subnets = [
            ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{number}.0/24", AvailabilityZone=f"{REGION}{zone}")["Subnet"]["SubnetId"]
            for number, zone in ((1, "a"), (2, "b"))
        ]
        group = ec2.create_security_group(GroupName="app-sg", Description="The application", VpcId=vpc)["GroupId"]
        return {"vpc": vpc, "subnets": subnets, "application": group}


def within():
    """How long a server may take to listen, on a busy machine."""
    return 60


def credentials():
    return {
        "AWS_ACCESS_KEY_ID": ACCOUNT,
        "AWS_SECRET_ACCESS_KEY": "local",
        "AWS_DEFAULT_REGION": REGION,
        "AWS_REGION": REGION,
        # No profile of the user's, whatever it may hold.
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def clean_environment():
    """This process's environment without anything of AWS, and with the project's own tools first on the path."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "SAM_", "CACHEWARDEN_"))}
    tools = Path(sys.executable).parent
    kept["PATH"] = f"{tools}{os.pathsep}{kept.get('PATH', os.defpath)}"
    kept["NO_PROXY"] = kept["no_proxy"] = "127.0.0.1,localhost"
    return kept


def target_directory():
    """Where cargo builds."""
    return Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))


def build_aws_sim():
    done = subprocess.run(["cargo", "build", "--locked", "--quiet", "-p", "aws-sim"], cwd=ROOT, check=False)
    if done.returncode:
        raise Failure("aws-sim could not be built")
