"""The words for problems: what went wrong, and what somebody at a page can do (`api/problems/kinds.py` says it to programs).

Those that only one section can meet lie in its own words.
"""

from muniment.api.console.page import Texts

PROBLEM_TEXTS: Texts = {
    "problem.request": ("Request {id}", "요청 번호 {id}"),
    "problem.back": ("Back to the page", "이전 페이지로"),
    "problem.home": ("Go to the start", "처음 화면으로"),
    "problem.forbidden": ("You may not see this", "볼 수 있는 권한이 없습니다"),
    "problem.forbidden.do": (
        "Your key lacks a scope for it. Ask whoever runs Muniment, or sign in with another key.",
        "필요한 권한(scope)이 키에 없습니다. 운영자에게 문의하거나 다른 키로 로그인하세요.",
    ),
    "problem.cross_site": ("The request was refused", "요청을 거부했습니다"),
    "problem.cross_site.do": (
        "It did not come from this console, or the page is from an earlier session. Reload the page and try again.",
        "이 콘솔에서 보낸 요청이 아니거나 이전 세션의 페이지입니다. 새로 고친 뒤 다시 시도하세요.",
    ),
    "problem.not_found": ("There is no such thing", "찾을 수 없습니다"),
    "problem.not_found.do": (
        "It may have been deleted, or it belongs to another tenant. Check the address.",
        "삭제되었거나 다른 테넌트의 것일 수 있습니다. 주소를 확인하세요.",
    ),
    "problem.no_such_route": ("There is no such page", "없는 페이지입니다"),
    "problem.no_such_route.do": ("Check the address, or go to the start.", "주소를 확인하거나 처음 화면으로 가세요."),
    "problem.invalid_request": ("This cannot be done so", "요청이 올바르지 않습니다"),
    "problem.invalid_request.do": ("Correct what is named and try again.", "표시된 부분을 고쳐 다시 시도하세요."),
    "problem.internal_error": ("Something went wrong", "문제가 생겼습니다"),
    "problem.internal_error.do": (
        "Try again. If it stays, report it with the number of the request.",
        "다시 시도하세요. 계속되면 요청 번호와 함께 알려 주세요.",
    ),
    "problem.database_unavailable": ("The database is away", "데이터베이스에 연결할 수 없습니다"),
    "problem.database_unavailable.do": (
        "Nothing is lost. Try again in a moment.",
        "잃은 것은 없습니다. 잠시 뒤 다시 시도하세요.",
    ),
    "problem.log_unavailable": ("The log is away", "로그에 연결할 수 없습니다"),
    "problem.log_unavailable.do": (
        "A change may have been accepted all the same. Look whether it was, and try again in a moment.",
        "변경은 접수되었을 수도 있습니다. 접수되었는지 확인하고 잠시 뒤 다시 시도하세요.",
    ),
    "problem.blob_unavailable": ("The file store is away", "파일 저장소에 연결할 수 없습니다"),
    "problem.blob_unavailable.do": ("Try again in a moment.", "잠시 뒤 다시 시도하세요."),
    "problem.key_ring_unusable": ("A key is not at hand", "필요한 열쇠를 찾을 수 없습니다"),
    "problem.key_ring_unusable.do": (
        (
            "Nothing was erased by that. Tell whoever runs Muniment: muniment keys restore puts a lost key back from a backup; "
            'where none has it, muniment keys give-up --key ID --reason "…" declares it destroyed.'
        ),
        (
            "이 때문에 소거된 것은 없습니다. 운영자에게 알리세요. 잃어버린 열쇠는 muniment keys restore 명령으로 백업에서 복원하고, "
            '어느 백업에도 없으면 muniment keys give-up --key ID --reason "…" 명령으로 파기되었음을 선언합니다.'
        ),
    ),
    "problem.disk_full": ("There is no room to store it", "저장할 공간이 없습니다"),
    "problem.disk_full.do": (
        "Nothing was accepted. Tell whoever runs Muniment.",
        "접수된 것은 없습니다. 운영자에게 알리세요.",
    ),
    "problem.embedding_unavailable": ("Search by meaning is away", "의미 검색을 쓸 수 없습니다"),
    "problem.embedding_unavailable.do": (
        "Search by words, or try again later.",
        "단어로 검색하거나 나중에 다시 시도하세요.",
    ),
    "problem.read_model_behind": ("Not there yet", "아직 반영되지 않았습니다"),
    "problem.read_model_behind.do": (
        "The change is on its way. Reload in a moment.",
        "변경이 반영되는 중입니다. 잠시 뒤 새로 고치세요.",
    ),
    "problem.payload_too_large": ("This is too large", "너무 큽니다"),
    "problem.payload_too_large.do": ("Send less at once.", "한 번에 더 적게 보내세요."),
    "problem.too_large": ("The file is too large", "파일이 너무 큽니다"),
    "problem.too_large.do": ("Split it, or ask for a higher limit.", "나누어 올리거나 한도를 높여 달라고 요청하세요."),
    "problem.empty_upload": ("The file is empty", "빈 파일입니다"),
    "problem.empty_upload.do": ("Choose a file with something in it.", "내용이 있는 파일을 고르세요."),
    "problem.erasure_under_way": ("The document is being erased", "문서를 소거하는 중입니다"),
    "problem.erasure_under_way.do": ("Try again in a moment.", "잠시 뒤 다시 시도하세요."),
    "problem.key_destroyed": ("The document was erased", "소거된 문서입니다"),
    "problem.key_destroyed.do": ("Nothing of it can be read any more.", "더 이상 읽을 수 있는 내용이 없습니다."),
    "problem.blob_missing": ("The stored file is gone", "저장된 파일이 없습니다"),
    "problem.blob_missing.do": ("The document was deleted. Upload it again.", "삭제된 문서입니다. 다시 올리세요."),
    "problem.job_ended": ("The job has ended", "이미 끝난 작업입니다"),
    "problem.job_ended.do": ("There is nothing left to cancel.", "취소할 것이 없습니다."),
    "problem.provider_away": ("Sign-in is away", "로그인 서버에 연결할 수 없습니다"),
    "problem.provider_away.do": (
        "The identity provider does not answer. Try again in a moment, or sign in with a key.",
        "인증 제공자가 응답하지 않습니다. 잠시 뒤 다시 시도하거나 키로 로그인하세요.",
    ),
    "problem.not_ready": ("Not ready", "준비되지 않았습니다"),
    "problem.not_ready.do": ("Wait a moment, then try again.", "잠시 기다렸다가 다시 시도하세요."),
    "problem.unauthorized": ("No valid API key", "유효한 API 키가 없습니다"),
    "problem.unauthorized.do": ("Sign in with a key that is valid.", "유효한 키로 로그인하세요."),
    "problem.signed_out": ("You are not signed in", "로그인하지 않았습니다"),
    "problem.signed_out.do": ("Sign in, then go on.", "로그인한 뒤 계속하세요."),
    "problem.method_not_allowed": ("This address is not asked so", "이 주소에서는 쓸 수 없는 요청입니다"),
    "problem.method_not_allowed.do": (
        "Go back to the page and use its buttons.",
        "이전 페이지로 돌아가 버튼을 사용하세요.",
    ),
    "problem.unsupported_media_type": ("This cannot be read", "읽을 수 없는 형식입니다"),
    "problem.unsupported_media_type.do": ("Reload the page and try again.", "새로 고친 뒤 다시 시도하세요."),
    "problem.missing_file": ("No file was sent", "파일을 보내지 않았습니다"),
    "problem.missing_file.do": ("Choose at least one file.", "파일을 하나 이상 고르세요."),
    "problem.empty_document": ("The file is empty", "빈 파일입니다"),
    "problem.empty_document.do": ("Choose a file with something in it.", "내용이 있는 파일을 고르세요."),
    "problem.record_too_large": ("Title and labels are too long", "제목과 라벨이 너무 깁니다"),
    "problem.record_too_large.do": (
        "Shorten them; the file itself is not the matter.",
        "줄여 주세요. 파일 자체는 문제가 없습니다.",
    ),
    "problem.already_exists": ("There is one with this id already", "같은 ID가 이미 있습니다"),
    "problem.already_exists.do": (
        "Go back to the list: it may be there already. Else begin again.",
        "목록에 이미 있는지 확인하세요. 없으면 처음부터 다시 하세요.",
    ),
    "problem.idempotency_key_invalid": ("The request has no valid number", "요청 번호가 올바르지 않습니다"),
    "problem.idempotency_key_invalid.do": ("Reload the page and try again.", "새로 고친 뒤 다시 시도하세요."),
    "problem.idempotency_key_missing": ("The request has no number", "요청 번호가 없습니다"),
    "problem.idempotency_key_missing.do": ("Reload the page and try again.", "새로 고친 뒤 다시 시도하세요."),
    "problem.idempotency_in_progress": ("The same request is under way", "같은 요청을 처리하는 중입니다"),
    "problem.idempotency_in_progress.do": ("Wait a moment, then reload.", "잠시 뒤 새로 고치세요."),
    "problem.idempotency_key_reused": ("This was sent before with other words", "다른 내용으로 이미 보낸 요청입니다"),
    "problem.idempotency_key_reused.do": ("Reload the page and try again.", "새로 고친 뒤 다시 시도하세요."),
    "problem.not_acceptable": ("There is no such format", "없는 형식입니다"),
    "problem.not_acceptable.do": ("Choose one of those that are offered.", "제공되는 형식 중에서 고르세요."),
    "problem.not_haltable": ("This step cannot be halted", "멈출 수 없는 단계입니다"),
    "problem.not_haltable.do": (
        "It carries out what operators order, resuming included. Halt the steps whose work is to rest.",
        "다시 시작하는 일을 포함해 운영자의 요청을 처리하는 단계입니다. 쉬게 할 작업의 단계를 멈추세요.",
    ),
    "problem.not_cancellable": ("This job cannot be cancelled", "취소할 수 없는 작업입니다"),
    "problem.not_cancellable.do": (
        "Only uploads and drafts can; deletions are done at once.",
        "업로드와 초안 쓰기만 취소할 수 있습니다. 삭제는 바로 처리됩니다.",
    ),
    "problem.erasure_decided": ("The erasure was decided before", "이미 결정된 소거입니다"),
    "problem.erasure_decided.do": ("See what was decided and why.", "결정 내용과 이유를 확인하세요."),
    "problem.confirmed_by_requester": ("Somebody else has to confirm", "다른 사람이 확인해야 합니다"),
    "problem.confirmed_by_requester.do": (
        "Ask somebody with the scope erase who did not ask for it.",
        "소거를 요청하지 않은, erase 권한이 있는 사람에게 부탁하세요.",
    ),
    "problem.erasure_not_completed": ("The erasure is not completed", "소거가 아직 끝나지 않았습니다"),
    "problem.erasure_not_completed.do": ("Look again in a while.", "잠시 뒤 다시 확인하세요."),
    "problem.nothing_selected": ("There is nothing to do it with", "대상이 없습니다"),
    "problem.nothing_selected.do": (
        "None of these letters waits any more. Quarantined ones want their own box ticked.",
        "처리를 기다리는 레코드가 없습니다. 격리된 레코드는 따로 선택해야 합니다.",
    ),
    "problem.confirmation_needed": (
        "This would touch more than 100 dead letters",
        "실패 레코드 100건 이상이 대상입니다",
    ),
    "problem.confirmation_needed.do": (
        "Look at what it would touch, and tick the box with their number.",
        "대상을 확인하고 개수가 적힌 확인란을 선택하세요.",
    ),
    "problem.not_editable": ("This dead letter cannot be edited", "수정할 수 없는 레코드입니다"),
    "problem.not_editable.do": (
        "Only letters of a document that wait, or are quarantined, can be.",
        "대기 중이거나 격리된 문서 레코드만 수정할 수 있습니다.",
    ),
    "problem.not_readable": ("The record cannot be read", "레코드를 읽을 수 없습니다"),
    "problem.not_readable.do": (
        "It can still be redriven once the program reads it, or discarded.",
        "프로그램이 읽을 수 있게 되면 재전송하거나, 폐기할 수 있습니다.",
    ),
    "problem.endpoint_not_named": ("The settings do not name this endpoint", "설정에 없는 서비스 주소입니다"),
    "problem.endpoint_not_named.do": (
        "Texts go only where the settings say. Ask whoever runs Muniment.",
        "설정에 있는 주소로만 글을 보냅니다. 운영자에게 문의하세요.",
    ),
    "problem.model_unusable": ("The endpoint does not serve this model so", "이 서비스에서 쓸 수 없는 모델입니다"),
    "problem.model_unusable.do": (
        "Check the model's name, the length of its vectors and the endpoint's key.",
        "모델 이름, 벡터 길이, 서비스 키를 확인하세요.",
    ),
    "problem.too_many_streams": ("Too many pages follow along", "실시간으로 보는 페이지가 너무 많습니다"),
    "problem.too_many_streams.do": ("Close some of them, then reload.", "몇 개를 닫고 새로 고치세요."),
    "problem.too_many_connections": ("Too many live channels are open", "열린 실시간 연결이 너무 많습니다"),
    "problem.too_many_connections.do": ("Close some of them, then reload.", "몇 개를 닫고 새로 고치세요."),
    "problem.too_many_answers": ("Too many answers are under way", "처리 중인 답변이 너무 많습니다"),
    "problem.too_many_answers.do": (
        "Wait for one of them to end, then ask again.",
        "하나가 끝나기를 기다렸다가 다시 물어보세요.",
    ),
    "problem.too_fast": ("Too much at once", "요청이 너무 빠릅니다"),
    "problem.too_fast.do": ("Wait a moment, then go on.", "잠시 뒤 계속하세요."),
    "problem.nothing_found": (
        "The documents say next to nothing about it",
        "문서에 관련 내용이 거의 없습니다",
    ),
    "problem.nothing_found.do": (
        "Ask in other words, or add documents that speak of it.",
        "다른 말로 물어보거나 관련 문서를 추가하세요.",
    ),
    "problem.model_unavailable": ("The language model is away", "언어 모델에 연결할 수 없습니다"),
    "problem.model_unavailable.do": (
        "Try again in a while; search works without it.",
        "잠시 뒤 다시 시도하세요. 검색은 모델 없이도 됩니다.",
    ),
    "problem.budget_spent": ("Today's budget for texts is spent", "오늘의 글쓰기 예산을 모두 썼습니다"),
    "problem.budget_spent.do": (
        "Try again tomorrow (UTC), or ask whoever runs Muniment for more.",
        "내일(UTC) 다시 시도하거나 운영자에게 예산을 요청하세요.",
    ),
    "problem.breaker_open": ("An outside service is given a rest", "외부 서비스 호출을 잠시 멈췄습니다"),
    "problem.breaker_open.do": ("Try again in a moment.", "잠시 뒤 다시 시도하세요."),
}
