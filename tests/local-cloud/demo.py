"""The whole life of a cache, told while it happens. Ends with 0, or with 1 and what failed; stops everything that it started."""

import signal
import sys
import traceback

import step_1_deploy
import step_2_use
import step_3_rotate
import step_4_snapshot
import step_5_grow
import step_6_replica
import step_7_shrink
import step_8_delete
import telling
from cloud import Cloud, build_aws_sim
from deployment import Deployment
from waiting import Failure

STEPS = [step_1_deploy, step_2_use, step_3_rotate, step_4_snapshot, step_5_grow, step_6_replica, step_7_shrink, step_8_delete]


class Story:
    """What the steps tell each other."""

    def __init__(self, cloud):
        self.cloud = cloud
        self.deployment = Deployment(cloud)
        self.outputs = {}
        self.application = None
        self.keys = 0
        self.digest = ""


def main():
    # Whoever stops the story still has everything stopped.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped"))
    cloud = Cloud("demo")
    whole = telling.Stopwatch()
    try:
        begin(cloud)
        times = tell(Story(cloud))
    except (Failure, KeyboardInterrupt) as failure:
        return fail(cloud, failure or "stopped")
    except Exception:
        return fail(cloud, traceback.format_exc())
    finally:
        if cloud.stop():
            telling.did("The servers of the local cloud are stopped.")
    telling.heading(f"All of it held, in {whole}")
    for number, (step, seconds) in enumerate(zip(STEPS, times), start=1):
        telling.note(f"{number}. {step.TITLE:60} {telling.took(seconds):>12}")
    return 0


def begin(cloud):
    telling.heading("A local cloud")
    telling.did("aws-sim is built: ElastiCache with real redis-server processes, Secrets Manager, CloudWatch.")
    build_aws_sim()
    cloud.start()
    telling.saw(f"MiniStack (CloudFormation, Lambda, Step Functions, SNS, schedules) and aws-sim run, with their logs in {cloud.shown()}")
    telling.note(f"Its clock runs {cloud.speed()} times as fast as yours: ten minutes of ElastiCache's work pass in {600 // cloud.speed()} s.")


def tell(story):
    times = []
    for number, step in enumerate(STEPS, start=1):
        telling.heading(f"{number}. {step.TITLE}")
        watch = telling.Stopwatch()
        step.run(story)
        times.append(watch.seconds)
        telling.note(f"({watch})")
    return times


def fail(cloud, failure):
    telling.heading("It failed")
    print(failure, flush=True)
    print(cloud.logs(), flush=True)
    return 1


if __name__ == "__main__":
    sys.exit(main())
