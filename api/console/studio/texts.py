"""The words of the Studio: projects, episodes and what is common. Those of drafts lie beside."""

from muniment.api.console.page import Texts
from muniment.api.console.studio.draft_texts import DRAFT_TEXTS
from muniment.api.console.studio.state_texts import STATE_TEXTS

_COMMON: Texts = {
    "studio.crumbs": ("Where this is", "현재 위치"),
    "studio.untitled": ("Untitled", "제목 없음"),
    "studio.title": ("Title", "제목"),
    "studio.optional": ("(optional)", "(선택)"),
    "studio.save": ("Save", "저장"),
    "studio.edit": ("Edit", "편집"),
    "studio.more": ("More", "더 보기"),
    "studio.more.project": ("More that can be done with the project", "프로젝트로 할 수 있는 다른 일"),
    "studio.more.episode": ("More that can be done with the episode", "에피소드로 할 수 있는 다른 일"),
    "studio.timeline": ("Timeline", "타임라인"),
    "studio.archive": ("Archive", "보관하기"),
    "studio.archived": ("Archived", "보관됨"),
    "studio.take_up": ("Take up again", "보관 해제"),
    "studio.delete": ("Delete…", "삭제…"),
    "studio.changed": ("Changed", "변경"),
    "studio.state": ("State", "상태"),
    "studio.reason": ("Reason", "사유"),
    "studio.reason.hint": ("It is kept on the record, sealed.", "암호화하여 기록에 남깁니다."),
    "studio.unsaved": (
        "There are changes that are not saved. Leave the page?",
        "저장하지 않은 변경이 있습니다. 페이지를 떠날까요?",
    ),
    "studio.conflict": ("Somebody changed it meanwhile", "그사이 다른 사람이 변경했습니다"),
    "studio.conflict.do": (
        "Nothing of yours is lost: it stands in the form below. Keep theirs, or save yours over it.",
        "입력한 내용은 아래 양식에 그대로 있습니다. 상대의 변경을 두거나, 내 것으로 덮어쓸 수 있습니다.",
    ),
    "studio.conflict.theirs": ("Theirs", "상대의 변경"),
    "studio.conflict.yours": ("Yours", "내 변경"),
    "studio.conflict.keep_theirs": ("Keep theirs", "상대의 변경 유지"),
    "studio.conflict.save_mine": ("Save mine over theirs", "내 것으로 덮어쓰기"),
    "studio.version": ("Version {number}", "버전 {number}"),
}

_PROJECTS: Texts = {
    "studio.project": ("Project", "프로젝트"),
    "studio.projects": ("Projects", "프로젝트"),
    "studio.projects.lead": (
        "A project gathers documents, and the episodes whose scripts are written from them.",
        "프로젝트는 문서와, 그 문서로 대본을 쓰는 에피소드를 모아 둡니다.",
    ),
    "studio.projects.find": ("Title", "제목"),
    "studio.which": ("Show", "표시"),
    "studio.which.see_archived": ("See archived projects", "보관한 프로젝트 보기"),
    "studio.projects.none": ("No project yet", "아직 프로젝트가 없습니다"),
    "studio.projects.none.do": (
        "Begin one, put documents from the Library into it, and have a first draft written.",
        "프로젝트를 만들고 자료실의 문서를 넣은 다음 첫 초안을 만들어 보세요.",
    ),
    "studio.projects.no_match": ("No project matches", "조건에 맞는 프로젝트가 없습니다"),
    "studio.projects.no_match.do": ("Loosen the filters, or clear them.", "필터를 줄이거나 지우세요."),
    "studio.project.new": ("New project", "새 프로젝트"),
    "studio.project.new.lead": (
        "Documents and episodes are added next.",
        "문서와 에피소드는 다음 단계에서 추가합니다.",
    ),
    "studio.project.create": ("Create project", "프로젝트 만들기"),
    "studio.project.edit": ("Edit project", "프로젝트 편집"),
    "studio.project.archived": (
        "This project is archived: it can be read, but nothing in it can be changed until it is taken up again.",
        "보관한 프로젝트입니다. 읽을 수는 있지만, 보관을 해제하기 전에는 변경할 수 없습니다.",
    ),
    "studio.project.delete": ("Delete project", "프로젝트 삭제"),
    "studio.project.delete.text": (
        "“{name}” goes for good. Its documents stay in the Library.",
        "“{name}” 프로젝트를 완전히 삭제합니다. 문서는 자료실에 남습니다.",
    ),
    "studio.cascade": ("And what is in it?", "안에 있는 것은 어떻게 할까요?"),
    "studio.cascade.no": ("Delete the project only if it has no episodes", "에피소드가 없을 때만 프로젝트를 삭제"),
    "studio.cascade.episodes.one": ("Delete its episode with all drafts, too", "에피소드 1개와 모든 초안도 함께 삭제"),
    "studio.cascade.episodes.other": (
        "Delete its {count} episodes with all their drafts, too",
        "에피소드 {count}개와 모든 초안도 함께 삭제",
    ),
    "studio.description": ("Description", "설명"),
    "studio.description.hint": (
        "What it is about, for whoever works on it with you.",
        "함께 작업하는 사람을 위해 어떤 프로젝트인지 적어 두세요.",
    ),
    "studio.documents": ("Documents", "문서"),
    "studio.documents.count.one": ("{count} document", "문서 {count}개"),
    "studio.documents.count.other": ("{count} documents", "문서 {count}개"),
    "studio.documents.add": ("Add documents", "문서 추가"),
    "studio.documents.none": ("No documents yet", "아직 문서가 없습니다"),
    "studio.documents.none.do": (
        "The first step: add what scripts are to be written from.",
        "첫 단계입니다. 대본의 바탕이 될 문서를 추가하세요.",
    ),
    "studio.document.gone": ("A document that is no longer there", "더 이상 없는 문서"),
    "studio.document.remove": ("Take out", "빼기"),
    "studio.document.remove.named": ("Take {name} out of the project", "{name} 문서를 프로젝트에서 빼기"),
    "studio.document.remove.ask": ("Take the document out of the project?", "문서를 프로젝트에서 뺄까요?"),
    "studio.document.remove.text": (
        "“{name}” stays in the Library, and so does what was written from it.",
        "“{name}” 문서는 자료실에 남고, 이 문서로 쓴 글도 그대로 남습니다.",
    ),
    "studio.choose": ("Add documents", "문서 추가"),
    "studio.choose.lead": (
        "Tick what scripts of this project may be written from.",
        "이 프로젝트의 대본에 쓸 문서를 고르세요.",
    ),
    "studio.choose.find": ("Title or file name", "제목 또는 파일 이름"),
    "studio.choose.search": ("Search", "검색"),
    "studio.choose.inside": ("In the project", "추가됨"),
    "studio.choose.all": ("All on this page", "이 페이지 전체"),
    "studio.choose.add": ("Add what is ticked", "고른 문서 추가"),
    "studio.choose.no_match": ("No document matches", "조건에 맞는 문서가 없습니다"),
    "studio.choose.no_match.do": ("Search for another word of the title.", "제목의 다른 단어로 검색하세요."),
    "studio.choose.none": ("The Library is empty", "자료실이 비어 있습니다"),
    "studio.choose.none.do": ("Upload documents there first.", "먼저 자료실에 문서를 올리세요."),
    "studio.choose.none.go": ("Go to the Library", "자료실로 가기"),
}

_EPISODES: Texts = {
    "studio.episode": ("Episode", "에피소드"),
    "studio.episodes": ("Episodes", "에피소드"),
    "studio.episodes.count.one": ("{count} episode", "에피소드 {count}개"),
    "studio.episodes.count.other": ("{count} episodes", "에피소드 {count}개"),
    "studio.episodes.none": ("No episodes yet", "아직 에피소드가 없습니다"),
    "studio.episodes.none.do": (
        "Begin one: say what it is about, and have a draft written.",
        "에피소드를 만들어 무엇에 관한 것인지 적고, 초안을 만들어 보세요.",
    ),
    "studio.episodes.none.documents_first": (
        "Add documents first, then begin an episode.",
        "먼저 문서를 추가하고 에피소드를 만드세요.",
    ),
    "studio.episode.new": ("New episode", "새 에피소드"),
    "studio.episode.create": ("Create episode", "에피소드 만들기"),
    "studio.episode.edit": ("Edit episode", "에피소드 편집"),
    "studio.episode.archived": (
        "This episode is archived: it can be read, but not changed until it is taken up again.",
        "보관한 에피소드입니다. 읽을 수는 있지만, 보관을 해제하기 전에는 변경할 수 없습니다.",
    ),
    "studio.episode.delete": ("Delete episode", "에피소드 삭제"),
    "studio.episode.delete.text": ("“{name}” goes for good.", "“{name}” 에피소드를 완전히 삭제합니다."),
    "studio.cascade.no_drafts": ("Delete the episode only if it has no drafts", "초안이 없을 때만 에피소드를 삭제"),
    "studio.cascade.drafts": ("Delete its drafts and its script, too", "초안과 대본도 함께 삭제"),
    "studio.brief": ("Brief", "개요"),
    "studio.brief.hint": (
        "What the script is to be about, and for whom.",
        "무엇에 관한, 누구를 위한 대본인지 적어 주세요.",
    ),
    "studio.brief.none": (
        "No brief yet: say what the script is to be about.",
        "아직 개요가 없습니다. 무엇에 관한 대본인지 적어 주세요.",
    ),
    "studio.no_script": ("No script yet", "대본 없음"),
    "studio.move_up": ("Move {name} up", "{name} 위로 옮기기"),
    "studio.move_down": ("Move {name} down", "{name} 아래로 옮기기"),
    "studio.moved": ("{name} is number {place} of {all} now.", "{name}: 이제 {all}개 중 {place}번째입니다."),
    "studio.order.hint": (
        "Drag episodes into another order, or use the arrows.",
        "끌어서 순서를 바꾸거나 화살표를 누르세요.",
    ),
}

_DONE: Texts = {
    "done.studio_on_its_way": ("Accepted. It shows here in a moment.", "접수했습니다. 곧 여기에 나타납니다."),
    "done.studio_project_created": (
        "The project is there. Now add documents.",
        "프로젝트를 만들었습니다. 이제 문서를 추가하세요.",
    ),
    "done.studio_project_deleted": ("The project is deleted.", "프로젝트를 삭제했습니다."),
    "done.studio_episode_created": ("The episode is there.", "에피소드를 만들었습니다."),
    "done.studio_episode_deleted": ("The episode is deleted.", "에피소드를 삭제했습니다."),
    "done.studio_saved": ("Saved.", "저장했습니다."),
    "done.studio_archived": ("Archived.", "보관했습니다."),
    "done.studio_taken_up": ("Taken up again.", "보관을 해제했습니다."),
    "done.studio_documents_added": ("The documents are in the project.", "문서를 프로젝트에 추가했습니다."),
    "done.studio_document_removed": ("Taken out of the project.", "프로젝트에서 뺐습니다."),
    "done.studio_nothing_chosen": ("Nothing was ticked.", "고른 문서가 없습니다."),
    "done.studio_cancel_asked": ("The writing is being ended.", "작성을 중단하는 중입니다."),
    "done.studio_revised": ("Saved as a new draft.", "새 초안으로 저장했습니다."),
    "done.studio_committed": ("This draft is the episode's script now.", "이 초안이 이제 에피소드의 대본입니다."),
    "done.studio_restored": ("The older version counts again.", "이전 버전이 다시 현재 대본입니다."),
    "done.studio_ended_before": ("It had ended before it could be stopped.", "중단하기 전에 이미 끝났습니다."),
    "done.studio_discarded": ("The draft was put away.", "초안을 치워 두었습니다."),
}

_PROBLEMS: Texts = {
    "problem.archived": ("What is archived is not changed", "보관한 것은 변경할 수 없습니다"),
    "problem.archived.do": ("Take it up again first.", "먼저 보관을 해제하세요."),
    "problem.not_empty": ("There is something in it", "비어 있지 않습니다"),
    "problem.not_empty.do": (
        "Choose to delete what is in it, too, or delete that first.",
        "안에 있는 것도 함께 삭제하도록 고르거나 그것부터 삭제하세요.",
    ),
    "problem.revision_mismatch": ("Somebody changed it meanwhile", "그사이 다른 사람이 변경했습니다"),
    "problem.revision_mismatch.do": (
        "Look at what is there now, then choose again.",
        "지금 상태를 확인하고 다시 고르세요.",
    ),
    "problem.too_many": ("The project is full", "프로젝트가 가득 찼습니다"),
    "problem.too_many.do": (
        "Take something out of it, or begin another project.",
        "무언가를 빼거나 다른 프로젝트를 만드세요.",
    ),
    "problem.not_in_project": ("A document is not in the project", "프로젝트에 없는 문서입니다"),
    "problem.not_in_project.do": ("Add it to the project and try again.", "프로젝트에 추가한 다음 다시 시도하세요."),
    "problem.draft_not_ready": ("The draft has no text", "초안에 글이 없습니다"),
    "problem.draft_not_ready.do": (
        "Wait until it is written, or take another one.",
        "작성이 끝날 때까지 기다리거나 다른 초안을 고르세요.",
    ),
    "problem.draft_ended": ("The draft is not being written any more", "이미 작성이 끝난 초안입니다"),
    "problem.draft_ended.do": ("Go back to it and look at it.", "돌아가서 초안을 확인하세요."),
    "problem.draft_committed": ("The draft is part of the episode's history", "에피소드의 이력에 있는 초안입니다"),
    "problem.draft_committed.do": (
        "Commit another draft instead; what was committed stays restorable.",
        "다른 초안을 대본으로 정하세요. 한 번 정한 것은 언제든 되돌릴 수 있습니다.",
    ),
    "problem.nothing_to_compare": ("There is nothing to compare it with", "비교할 것이 없습니다"),
    "problem.nothing_to_compare.do": (
        "The two were made independently of each other. Compare them, and edit one.",
        "서로 따로 만들어진 초안입니다. 나란히 비교하고 하나를 편집하세요.",
    ),
}

TEXTS: Texts = {**_COMMON, **_PROJECTS, **_EPISODES, **DRAFT_TEXTS, **STATE_TEXTS, **_DONE, **_PROBLEMS}
