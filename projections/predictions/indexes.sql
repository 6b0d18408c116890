create index if not exists phrases_words on {schema}.phrases using gin (words) with (fastupdate = off);
