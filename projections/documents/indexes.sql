-- What only readers need: a rebuild makes these after the load.
create index if not exists documents_by_age on {schema}.documents (tenant, created_at desc, document_id desc);
create index if not exists documents_by_media_type on {schema}.documents (tenant, media_type);
create index if not exists documents_by_metadata on {schema}.documents using gin (metadata jsonb_path_ops);
create index if not exists past_documents_by_age on {schema}.past_documents (tenant, created_at desc, document_id desc);
