"""The application: real Redis clients, which log in over TLS with the token that they read from Secrets Manager."""

import os
import subprocess

import redis


class Application:
    """Knows the endpoint and the secret, as its configuration would tell it, and nothing else."""

    def __init__(self, cloud, outputs):
        self.cloud = cloud
        self.host = outputs["RedisEndpoint"]
        self.reader = outputs["RedisReaderEndpoint"]
        self.port = int(outputs["RedisPort"])
        self.secret = outputs["RedisAuthTokenSecretArn"]

    def token(self):
        return self.cloud.client("secretsmanager").get_secret_value(SecretId=self.secret)["SecretString"]

    def connect(self, token=None, host=None, port=None):
        """A connection with this token, or with the secret's current one."""
        return redis.Redis(
            host=host or self.host,
            port=port or self.port,
            password=self.token() if token is None else token or None,
            ssl=True,
            ssl_ca_certs=str(self.cloud.authority),
            socket_timeout=10,
            socket_connect_timeout=10,
        )

    def admits(self, token, host, port):
        """Whether a node lets somebody in with this token. Any answer but a refusal is an error."""
        client = self.connect(token, host, port)
        try:
            return client.ping()
        except (redis.AuthenticationError, redis.exceptions.NoPermissionError):
            return False
        finally:
            client.close()

    def cli(self, *words, token=None):
        """redis-cli, as a person would use it. The token goes by the environment, not by the command line."""
        command = ["redis-cli", "-h", self.host, "-p", str(self.port), "--tls", "--cacert", str(self.cloud.authority), "--no-auth-warning", *words]
        environment = {name: value for name, value in os.environ.items() if name != "REDISCLI_AUTH"}
        if token is not None:
            environment["REDISCLI_AUTH"] = token
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=30, check=False)
        # The answer in one line: redis-cli says first what the server answered, then what came of AUTH.
        return "; ".join(line for line in (done.stdout + done.stderr).splitlines() if line.strip())
