"""Pages of what apps may know and were told: HTTP in and out, nothing else."""

from idp.release.routes.consents import blueprint as consents
from idp.release.routes.releases import blueprint as releases

BLUEPRINTS = (consents, releases)
