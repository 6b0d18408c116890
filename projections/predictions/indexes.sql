-- Loading into it is most of the cost of a rebuild.
create index if not exists phrases_words on {schema}.phrases using gin (words) with (fastupdate = off);
