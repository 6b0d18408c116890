"""The pages of operations."""

from uuid import UUID

from starlette.responses import Response

from muniment.api.console.operations import jobs, letters, overview, redriving, switches
from muniment.api.console.operations.acts import decided
from muniment.api.console.operations.letter_texts import LETTER_TEXTS
from muniment.api.console.operations.state_texts import STATE_TEXTS
from muniment.api.console.operations.texts import TEXTS
from muniment.api.console.page import Page, Section, action
from muniment.api.console.view import Viewing
from muniment.api.keys import Scope

READ, WRITE, OPERATE = Scope.DOCUMENTS_READ, Scope.DOCUMENTS_WRITE, Scope.OPERATE


async def show_decision(view: Viewing, operation_id: UUID) -> Response:
    """What was decided on an order, for the page that waits for it."""
    return view.show("operations/decision.html", decision=await decided(view, operation_id))


_LETTERS, _REDRIVES = "/operations/dead-letters", "/operations/redrives"
PAGES = (
    Page(
        "/operations",
        "consoleOperations",
        overview.show_overview,
        OPERATE,
        title="operations.overview",
        nav=True,
        sample="/operations?range=hour",
    ),
    Page("/operations/now", "consoleOperationsNow", overview.glance, OPERATE),
    Page("/operations/decisions/{operation_id}", "consoleDecision", show_decision, OPERATE),
    # Jobs
    Page(
        "/operations/jobs",
        "consoleJobs",
        jobs.show_jobs,
        READ,
        title="operations.jobs",
        nav=True,
        sample="/operations/jobs",
    ),
    Page("/operations/job-rows", "consoleJobRows", jobs.job_rows, READ),
    Page(
        "/operations/jobs/{job_id}",
        "consoleJob",
        jobs.show_job,
        READ,
        title="operations.job",
        sample="/operations/jobs/{job_id}",
    ),
    Page("/operations/jobs/{job_id}/state", "consoleJobState", jobs.job_state, READ),
    action("/operations/jobs/{job_id}/cancel", "consoleCancelJob", jobs.cancel, WRITE),
    Page("/operations/retries", "consoleRetries", jobs.show_retries, READ, title="operations.retries", nav=True),
    # Dead letters
    Page(
        _LETTERS,
        "consoleDeadLetterGroups",
        letters.show_groups,
        READ,
        title="operations.dead_letters",
        nav=True,
        sample=_LETTERS,
    ),
    Page(f"{_LETTERS}/all", "consoleDeadLetters", letters.show_letters, READ, title="operations.letters.list"),
    Page(f"{_LETTERS}/redrive", "consolePlanRedrive", redriving.plan_redrive, OPERATE, title="operations.plan.redrive"),
    Page(f"{_LETTERS}/discard", "consolePlanDiscard", redriving.plan_discard, OPERATE, title="operations.plan.discard"),
    action(f"{_LETTERS}/redrive", "consoleRedrive", redriving.redrive, OPERATE),
    action(f"{_LETTERS}/discard", "consoleDiscard", redriving.discard, OPERATE),
    Page(_LETTERS + "/{dead_letter_id}", "consoleDeadLetter", letters.show_letter, READ, title="operations.letter"),
    Page(
        _LETTERS + "/{dead_letter_id}/record",
        "consoleDeadLetterRecord",
        letters.show_record,
        OPERATE,
        title="operations.letter",
    ),
    action(_LETTERS + "/{dead_letter_id}/edit", "consoleEditDeadLetter", letters.edit, OPERATE),
    Page(_REDRIVES, "consoleRedrives", redriving.show_redrives, OPERATE, title="operations.redrives", nav=True),
    Page(
        _REDRIVES + "/{redrive_id}", "consoleRedriveShown", redriving.show_redrive, OPERATE, title="operations.redrive"
    ),
    Page(_REDRIVES + "/{redrive_id}/progress", "consoleRedriveProgress", redriving.redrive_progress, OPERATE),
    action(_REDRIVES + "/{redrive_id}/stop", "consoleStopRedrive", redriving.stop, OPERATE),
    # Steps, breakers, flags, and what was done
    Page("/operations/steps", "consoleSteps", switches.show_steps, OPERATE, title="operations.steps", nav=True),
    action("/operations/steps/{step}/halt", "consoleHaltStep", switches.halt, OPERATE),
    action("/operations/steps/{step}/resume", "consoleResumeStep", switches.resume, OPERATE),
    action("/operations/breakers/{breaker}/reset", "consoleResetBreaker", switches.reset, OPERATE),
    Page("/operations/flags", "consoleFlags", switches.show_flags, OPERATE, title="operations.flags", nav=True),
    Page(
        "/operations/flags/{flag}",
        "consoleFlag",
        switches.show_flag,
        OPERATE,
        title="operations.flag",
        sample="/operations/flags/outbox",
    ),
    action("/operations/flags/{flag}", "consoleSetFlag", switches.set_flag, OPERATE),
    Page("/operations/lag", "consoleLag", overview.show_lag, OPERATE, title="operations.lag", nav=True),
    Page(
        "/operations/record",
        "consoleOperationsRecord",
        switches.show_record,
        OPERATE,
        title="operations.record",
        nav=True,
    ),
)
OPERATIONS = Section("operations", "operations", PAGES, {**TEXTS, **LETTER_TEXTS, **STATE_TEXTS})
