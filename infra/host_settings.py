"""How the steps are run, from the settings: for whoever runs them, and for whoever looks how far they are."""

from muniment.infra.not_set import required
from muniment.infra.settings import Settings
from muniment.stream_apps.hosting.settings import HostSettings
from muniment.stream_apps.retrying.policy import Limits


def host_settings(settings: Settings, *, health_port: int | None = None) -> HostSettings:
    """How the steps are run, in a worker process or in the API's."""
    return HostSettings(
        bootstrap=required(settings.kafka_bootstrap, "MUNIMENT_KAFKA_BOOTSTRAP"),
        lanes=settings.lanes,
        # Light steps that read the same topic share a consumer. The group is named after the first: it stays so.
        # Not with them is `operating`: behind the backlog of one that is halted nobody could resume it.
        together=(("deciding", "indexing", "purging", "erasing"),),
        retry=Limits(outage_deadline_s=settings.outage_deadline_s, jitter=settings.retry_jitter),
        health_host=settings.web_host,
        health_port=health_port,
    )
