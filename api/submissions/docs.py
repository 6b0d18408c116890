"""The bodies of submissions in the OpenAPI document: they are read as streams, so FastAPI cannot derive them."""

from typing import Any

from muniment.api.position import HEADER
from muniment.api.submissions.examples import FORM, SINGLE_FORM, TEXT_SUBMISSION, URL_SUBMISSION
from muniment.api.submissions.requests import Description, TextSubmission, UrlSubmission

_REF = {"oneOf": [{"$ref": f"#/components/schemas/{name}"} for name in ("TextSubmission", "UrlSubmission")]}
_FILE = {"type": "string", "format": "binary", "minLength": 1, "description": "The file; needs a file name"}


def component_schemas() -> dict[str, Any]:
    """The schemas that the bodies refer to."""
    models = (TextSubmission, UrlSubmission)
    return {m.__name__: m.model_json_schema(ref_template="#/components/schemas/{model}") for m in models}


def _form(file: dict[str, Any], *, one: bool) -> dict[str, Any]:
    described = Description.model_json_schema()["properties"]
    fields: dict[str, Any] = {"file": file, "lane": described["lane"], "subject": described["subject"]["anyOf"][0]}
    fields["metadata"] = {
        "type": "object",
        "additionalProperties": {"type": "string", "maxLength": 1000},
        "propertyNames": {"minLength": 1, "maxLength": 64},
        "maxProperties": 64,
        "description": "JSON: an object of strings",
    }
    fields["project_id"] = {"type": "string", "format": "uuid", "description": "The project that it goes into"}
    if one:
        fields["title"] = {"type": "string", "minLength": 1, "maxLength": 500, "pattern": "^[^\\x00]*$"}
        fields["document_id"] = {"type": "string", "format": "uuid"}
    return {
        "schema": {"type": "object", "required": ["file"], "properties": fields, "additionalProperties": False},
        "encoding": {"metadata": {"contentType": "application/json"}},
        "example": SINGLE_FORM if one else {**FORM, "file": [FORM["file"]]},
    }


def _body(form: dict[str, Any], json_schema: dict[str, Any], example: Any) -> dict[str, Any]:
    content = {"multipart/form-data": form, "application/json": {"schema": json_schema, "example": example}}
    return {"requestBody": {"required": True, "content": content}}


SUBMIT_BODY = _body(_form(_FILE, one=True), _REF, TEXT_SUBMISSION)
BATCH_BODY = _body(
    _form({"type": "array", "items": _FILE, "minItems": 1, "maxItems": 100}, one=False),
    {"type": "array", "items": _REF, "minItems": 1, "maxItems": 100},
    [TEXT_SUBMISSION, URL_SUBMISSION],
)


def accepted_headers() -> dict[str, Any]:
    """The headers of a 202."""
    text = {"type": "string"}
    return {
        "description": "On the log",
        "headers": {
            "Location": {"description": "The job", "schema": text},
            HEADER: {"description": "Position token: send it with reads that have to see this change", "schema": text},
        },
    }
