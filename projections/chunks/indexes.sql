create index if not exists chunk_texts_words on {schema}.chunk_texts using gin (tsv) with (fastupdate = off);
create index if not exists chunk_vectors_near on {schema}.chunk_vectors using hnsw (embedding halfvec_cosine_ops);
create index if not exists past_texts_words on {schema}.past_texts using gin (tsv);
