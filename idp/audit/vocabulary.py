"""The words of the journal."""

from enum import StrEnum


class Action(StrEnum):
    """What was done: ``room.subject.verb``, the verb in the past tense.

    A word once written stays: an action that is no longer recorded keeps its member, because old events still say it.
    """

    KEY_CREATED = "keys.key.created"
    KEY_ROTATED = "keys.key.rotated"
    KEY_RETIRED = "keys.key.retired"

    INSTITUTION_ISSUED = "registry.institution.issued"
    INSTITUTION_IMPORTED = "registry.institution.imported"
    INSTITUTION_RENAMED = "registry.institution.renamed"
    INSTITUTION_RECATEGORISED = "registry.institution.recategorised"
    INSTITUTION_CLOSED = "registry.institution.closed"
    INSTITUTION_RESTORED = "registry.institution.restored"
    INSTITUTION_DOMAINS_SET = "registry.institution.domains_set"
    INSTITUTION_MERGED = "registry.institution.merged"

    PERSON_REGISTERED = "registry.person.registered"
    PERSON_UPDATED = "registry.person.updated"
    PERSON_REVEALED = "registry.person.revealed"
    PERSON_MERGED = "registry.person.merged"
    AFFILIATION_ADDED = "registry.affiliation.added"
    AFFILIATION_ENDED = "registry.affiliation.ended"
    AFFILIATION_TRANSFERRED = "registry.affiliation.transferred"
    GUARDIANSHIP_ADDED = "registry.guardianship.added"
    GUARDIANSHIP_ENDED = "registry.guardianship.ended"

    APP_REGISTERED = "apps.app.registered"
    APP_CHANGED = "apps.app.changed"
    APP_SECRET_ROTATED = "apps.app.secret_rotated"
    APP_DISABLED = "apps.app.disabled"
    APP_APPROVED = "apps.app.approved"
    APP_SUSPENDED = "apps.app.suspended"
    APP_RETIRED = "apps.app.retired"
    PORTAL_ENTRY_CHANGED = "portal.entry.changed"
    PORTAL_NOTICE_ADDED = "portal.notice.added"
    PORTAL_NOTICE_REMOVED = "portal.notice.removed"

    DIRECTORY_ADDED = "directory.directory.added"
    DIRECTORY_ENABLED = "directory.directory.enabled"
    DIRECTORY_DISABLED = "directory.directory.disabled"
    DIRECTORY_REMOVED = "directory.directory.removed"

    REGISTRATION_ALLOWED = "oidc.registration.allowed"

    POLICY_CHANGED = "policy.document.changed"
    RISK_SEEN = "policy.risk.seen"

    FACTOR_ENROLLED = "mfa.factor.enrolled"
    FACTOR_REMOVED = "mfa.factor.removed"
    FACTOR_REFUSED = "mfa.factor.refused"
    FACTOR_DECLINED = "mfa.factor.declined"
    FACTOR_LOCKED = "mfa.factor.locked"
    FACTOR_UNLOCKED = "mfa.factor.unlocked"
    FACTOR_RENAMED = "mfa.factor.renamed"
    TOKENS_IMPORTED = "mfa.tokens.imported"
    TOKEN_ASSIGNED = "mfa.token.assigned"
    TOKEN_TAKEN_BACK = "mfa.token.taken_back"
    PASSWORD_SUSPECTED = "mfa.password.suspected"
    RECOVERY_CODES_MADE = "mfa.recovery_codes.made"
    RECOVERY_CODE_USED = "mfa.recovery_code.used"
    DEVICE_REMEMBERED = "mfa.device.remembered"
    DEVICE_FORGOTTEN = "mfa.device.forgotten"
    DEVICE_STOLEN = "mfa.device.stolen"
    RESET_REQUESTED = "mfa.reset.requested"
    RESET_APPROVED = "mfa.reset.approved"
    RESET_STOPPED = "mfa.reset.stopped"
    RESET_DONE = "mfa.reset.done"
    RESET_FORCED = "mfa.reset.forced"

    ACTIVATION_ISSUED = "login.activation.issued"
    PASSWORD_SET = "login.password.set"
    SIGNED_IN = "login.session.started"
    SIGN_IN_REFUSED = "login.session.refused"
    SESSION_RAISED = "login.session.raised"
    SIGNED_OUT = "login.session.ended"
    INTRUSION_REPORTED = "login.intrusion.reported"

    SMS_LIMIT_REACHED = "sms.limit.reached"
    SMS_TESTED = "sms.provider.tested"

    DELIVERY_GIVEN_UP = "outbox.message.given_up"

    CONSENT_GIVEN = "oidc.consent.given"
    CONSENT_REFUSED = "oidc.consent.refused"
    CONSENT_REVOKED = "oidc.consent.revoked"
    RELEASES_READ = "oidc.releases.read"
    CODE_REPLAYED = "oidc.code.replayed"
    REFRESH_TOKEN_REPLAYED = "oidc.refresh_token.replayed"

    AUTHORITY_CREATED = "certification.authority.created"
    AUTHORITY_REQUESTED = "certification.authority.requested"
    AUTHORITY_CERTIFIED = "certification.authority.certified"
    AUTHORITY_ACCEPTED = "certification.authority.accepted"
    CERTIFICATE_ISSUED = "certification.certificate.issued"
    CERTIFICATE_REVOKED = "certification.certificate.revoked"
    CERTIFICATE_HELD = "certification.certificate.held"
    CERTIFICATE_RELEASED = "certification.certificate.released"
    KEY_ESCROWED = "certification.key.escrowed"
    KEY_RECOVERED = "certification.key.recovered"
    REVOCATION_LIST_PUBLISHED = "certification.revocation_list.published"
