"""Those who send, a file or folder each, and how the settings name them. A new one adds its file and its line.

Nothing of a third party's errors or texts crosses this border: a provider raises a :class:`idp.sms.errors.SendError`, whose detail
holds numbers and the protocol's own words.
"""

from collections.abc import Callable

from idp.deployment import Deployment
from idp.outgoing import Outgoing
from idp.sms.provider import Provider, Reports
from idp.sms.providers import aliyun, cmpp3, console, smpp, tencent

BUILDERS: dict[str, Callable[[Deployment, Outgoing, Reports], Provider]] = {
    "cmpp3": lambda deployment, _, reports: cmpp3.build(deployment, reports),
    "smpp": lambda deployment, _, reports: smpp.build(deployment.settings, reports),
    "aliyun": lambda deployment, outgoing, _: aliyun.Aliyun(deployment.settings, outgoing, deployment.clock),
    "tencent": lambda deployment, outgoing, _: tencent.Tencent(deployment.settings, outgoing, deployment.clock),
    "console": lambda deployment, *_: console.Console(deployment.settings),
}


def build(deployment: Deployment, outgoing: Outgoing, reports: Reports) -> list[Provider]:
    """The providers that the settings name, in their order. Connections are made when they are needed."""
    return [BUILDERS[name](deployment, outgoing, reports) for name in deployment.settings.sms_provider_list]
