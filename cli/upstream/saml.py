"""Identity providers of SAML: entering one by its metadata, and what it needs to know of us."""

import gettext
from contextlib import closing
from pathlib import Path
from typing import Any

import click

from cli.frame import changing, opened
from cli.upstream.options import shared, wanted
from cli.upstream.record import print_pasted
from idp.i18n import N_
from idp.outgoing import Outgoing
from idp.sso.saml import metadata
from idp.upstream import providers
from idp.upstream.errors import InvalidUpstream, NoSuchUpstream
from idp.upstream.saml import entering, own_metadata
from idp.upstream.saml.entering import Source
from idp.upstream.saml.settings import SUBJECTS
from idp.upstream.server import make_server

_ = gettext.gettext

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command("saml", help=_("Enter an identity provider of SAML by its metadata."))
@click.argument("slug")
@click.option("--metadata", "file", type=FILE, help=_("Its metadata, in a file."))
@click.option("--metadata-url", default="", help=_("Where its metadata, or a federation's, is fetched again every hour."))
@click.option("--certificate", "signers", type=FILE, multiple=True, help=_("What the metadata is signed by; a PEM file."))
@click.option("--entity-id", default="", help=_("Which provider, where the metadata describes several."))
@click.option("--subject", type=click.Choice(SUBJECTS), default=SUBJECTS[0], help=_("By what it knows an account for good."))
@click.option("--context", "contexts", multiple=True, help=_("An authentication context to ask for; may be repeated."))
@shared
def saml(
    slug: str, file: Path | None, metadata_url: str, signers: tuple[Path, ...], entity_id: str, as_json: bool, **said: Any
) -> None:
    """Enters, with a key of its own that it encrypts for."""
    if (file is None) == (not metadata_url):
        raise InvalidUpstream(field="--metadata, --metadata-url", reason=N_("say one of the two"))
    source = Source(metadata_url, tuple(metadata.certificate_of(one.read_text(encoding="utf-8")) for one in signers))
    more = {"subject": said["subject"], "contexts": said["contexts"], "fields": dict(said["fields"])}
    with opened() as deployment:
        data, now = file.read_bytes() if file is not None else b"", deployment.clock.now()
        if file is None:
            with closing(Outgoing(deployment.settings)) as outgoing:
                data = entering.fetch(outgoing, metadata_url)
    settings = entering.settings_of(data, source, now, entity_id=entity_id, **more)
    one = wanted(slug, "saml", dict(settings), dict(entering.new_secrets()), said)
    with changing() as (deployment, tx):
        row = providers.add(tx, deployment.ring.vault, one)
        print_pasted(deployment, row, as_json=as_json)


@click.command("metadata", help=_("Print our metadata for an identity provider of SAML that reads it from a file."))
@click.argument("slug")
def our_metadata(slug: str) -> None:
    """Prints."""
    with opened() as deployment, closing((server := make_server(deployment)).outgoing):
        with deployment.reading() as session:
            row = providers.by_slug(session, slug)
        if row.kind != "saml":
            raise NoSuchUpstream
        upstream = providers.open_upstream(server, row)
        click.echo(own_metadata.document(server, upstream, deployment.clock.now()).decode())
