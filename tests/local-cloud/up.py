"""Starts the local cloud, deploys the stack into it, and prints how to use it."""

import shlex
import signal
import sys

import telling
from cloud import Cloud, build_aws_sim
from deployment import GROUP, STACK, Deployment
from waiting import Failure


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped"))
    cloud = Cloud("up")
    if cloud.is_running():
        telling.heading("The local cloud of this checkout runs already")
        show(cloud, Deployment(cloud).outputs())
        return 0
    whole = telling.Stopwatch()
    try:
        telling.heading("A local cloud")
        telling.did("aws-sim is built and started, and MiniStack with it.")
        build_aws_sim()
        cloud.start()
        deployment = Deployment(cloud)
        telling.did("The functions are built, and the stack is deployed. The first time takes minutes.")
        deployment.build()
        outputs = deployment.deploy()
    except (Failure, KeyboardInterrupt) as failure:
        print(failure or "stopped", cloud.logs(), sep="\n", flush=True)
        cloud.stop()
        return 1
    except BaseException:
        cloud.stop()
        raise
    telling.saw(f"the stack {STACK} is deployed, {whole} after the start")
    show(cloud, outputs)
    return 0


def show(cloud, outputs):
    telling.heading("Its outputs")
    for name, value in outputs.items():
        print(f"{name:26} {value}")
    telling.heading("To use it")
    for name, value in cloud.exports().items():
        print(f"export {name}={shlex.quote(value)}")
    host, port = outputs["RedisEndpoint"], outputs["RedisPort"]
    print(f"""
# The cache:
export REDISCLI_AUTH=$(aws secretsmanager get-secret-value --secret-id {outputs["RedisAuthTokenSecretArn"]} --query SecretString --output text)
redis-cli -h {host} -p {port} --tls --cacert {shlex.quote(str(cloud.authority))} ping

# What AWS says of it:
aws elasticache describe-replication-groups --replication-group-id {GROUP}
aws cloudformation describe-stack-events --stack-name {STACK}

# The end of it:
make down""")


if __name__ == "__main__":
    sys.exit(main())
