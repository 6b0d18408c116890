"""The words for why something ended, failed or has to be tried again, by the codes that travel on the log.

Codes of failures (`schemas/error_codes.py`), of documents' commands that were decided against (`stream_apps/deciding`),
and of projects' (`schemas/project_rejections.py`). What the log says beside a code is in English, and more exact.
"""

from muniment.api.console.page import Texts

_FILE = {
    "type_not_allowed": ("Files of this kind are not taken.", "받지 않는 형식의 파일입니다."),
    "too_large": ("The file, or what it unpacks to, is too large.", "파일이 너무 크거나 풀면 너무 커집니다."),
    "empty_document": ("The file is empty.", "빈 파일입니다."),
    "no_text": (
        "There is no text in it that could be read: pictures of pages, perhaps.",
        "읽을 수 있는 글이 없습니다. 스캔한 그림일 수 있습니다.",
    ),
    "malware": ("The scanner found malware in it.", "악성 코드가 발견되었습니다."),
    "active_content": ("It holds macros or scripts.", "매크로나 스크립트가 들어 있습니다."),
    "archive_bomb": ("It unpacks to far more than it is.", "풀면 비정상적으로 커지는 파일입니다."),
    "polyglot": ("It is files of several kinds at once.", "여러 형식이 섞인 파일입니다."),
    "unreadable_document": ("The file is damaged, or not what it says it is.", "파일이 손상되었거나 형식이 다릅니다."),
    "encrypted_document": ("It is protected by a password.", "암호로 보호된 파일입니다."),
    "url_forbidden": ("This web address may not be asked from here.", "여기서 접근할 수 없는 웹 주소입니다."),
    "url_refused": ("The web address gave nothing that could be taken.", "웹 주소에서 받을 수 있는 내용이 없었습니다."),
    "fetch_failed": ("The web address could not be reached.", "웹 주소에 연결할 수 없었습니다."),
}
_WRITING = {
    "nothing_found": ("The documents say too little about the brief.", "개요에 대한 내용이 문서에 너무 적습니다."),
    "brief_missing": ("There is no brief.", "개요가 없습니다."),
    "model_refused": ("The model declined to write this.", "모델이 작성을 거절했습니다."),
    "writing_bad_answer": ("The language model's answer could not be read.", "언어 모델의 응답을 읽을 수 없었습니다."),
    "budget_spent": ("The budget is spent.", "예산을 모두 썼습니다."),
}
_OUTSIDE = {
    "embedding_bad_answer": ("The embedding endpoint's answer was wrong.", "임베딩 서비스의 응답이 잘못되었습니다."),
    "provider_rate_limited": ("The outside service asks for patience.", "외부 서비스가 요청을 제한하고 있습니다."),
    "provider_unavailable": ("The outside service is away.", "외부 서비스에 연결할 수 없습니다."),
    "provider_timeout": ("The outside service did not answer in time.", "외부 서비스가 제때 응답하지 않았습니다."),
    "provider_rejected": ("The outside service rejected it.", "외부 서비스가 요청을 거부했습니다."),
    "provider_auth": (
        "The outside service did not accept the key that is set.",
        "설정한 키를 외부 서비스가 받아들이지 않았습니다.",
    ),
    "breaker_open": ("An outside service is given a rest.", "외부 서비스 호출을 잠시 멈췄습니다."),
    "share_used": (
        "It waits for its turn: the tenant has many under way.",
        "이 테넌트에서 처리 중인 것이 많아 차례를 기다리고 있습니다.",
    ),
    "outage_too_long": ("An outage lasted longer than is waited for.", "장애가 기다릴 수 있는 시간보다 길었습니다."),
    "retries_too_long": ("Trying again went on for too long.", "재시도가 너무 오래 계속되었습니다."),
}
_INSIDE = {
    "extractor_crashed": ("Reading the file crashed.", "파일을 읽다가 오류로 중단되었습니다."),
    "step_timeout": ("It took too long.", "시간이 너무 오래 걸렸습니다."),
    "unexpected": ("An unexpected fault.", "예상하지 못한 오류입니다."),
    "blob_unavailable": ("The file store is away.", "파일 저장소에 연결할 수 없습니다."),
    "blob_missing": ("The stored file is gone.", "저장된 파일이 없습니다."),
    "database_unavailable": ("The database is away.", "데이터베이스에 연결할 수 없습니다."),
    "log_unavailable": ("The log is away.", "로그에 연결할 수 없습니다."),
    "key_ring_unusable": (
        "A key is lost, or the key ring cannot be opened.",
        "열쇠를 잃었거나 열쇠 보관함을 열 수 없습니다.",
    ),
    "disk_full": ("There is no room to store it.", "저장할 공간이 없습니다."),
    "undecodable": ("The record cannot be decoded.", "레코드를 해독할 수 없습니다."),
    "unknown_event": ("This program does not know the event.", "이 프로그램이 모르는 이벤트입니다."),
    "key_destroyed": ("It was erased meanwhile.", "그사이 소거되었습니다."),
    "record_too_large": ("What was to be recorded is too large.", "기록할 내용이 너무 큽니다."),
}
_AGAINST = {
    "document_not_found": (
        "There is no such document, or it is deleted already.",
        "없는 문서이거나 이미 삭제되었습니다.",
    ),
    "job_not_found": ("The document has no such job.", "이 문서에 그런 작업이 없습니다."),
    "job_ended": ("The job had ended before.", "이미 끝난 작업이었습니다."),
    "job_cancelled": ("It was cancelled.", "취소되었습니다."),
    "overtaken": ("A later request of the same document was faster.", "같은 문서의 나중 요청이 먼저 처리되었습니다."),
    "document_erased": ("The document was erased.", "소거된 문서입니다."),
    "not_found": ("There is no such thing, or it is deleted.", "없거나 삭제되었습니다."),
    "already_exists": ("Its id is taken.", "같은 ID가 이미 있습니다."),
    "revision_mismatch": ("Somebody else has changed it meanwhile.", "그사이 다른 사람이 변경했습니다."),
    "archived": ("It is archived.", "보관되어 있습니다."),
    "not_empty": ("There is something in it.", "비어 있지 않습니다."),
    "unchanged": ("It was so already.", "이미 그런 상태였습니다."),
    "too_many": ("The project is full.", "프로젝트가 가득 찼습니다."),
    "not_in_project": ("A document is not in the project.", "프로젝트에 없는 문서입니다."),
    "draft_not_ready": ("The draft has no text.", "초안에 글이 없습니다."),
    "draft_ended": ("The draft is not being written any more.", "이미 작성이 끝난 초안입니다."),
    "draft_committed": ("The draft is part of the episode's history.", "에피소드의 이력에 있는 초안입니다."),
    "erased": ("It was erased before it was decided.", "결정하기 전에 소거되었습니다."),
}

WHY_TEXTS: Texts = {
    f"state.why.{code}": words
    for part in (_FILE, _WRITING, _OUTSIDE, _INSIDE, _AGAINST)
    for code, words in part.items()
}
