-- A partition's comment is the length of its vectors.
do $$ declare part record; begin
    for part in select c.oid::regclass as name, c.relname, obj_description(c.oid, 'pg_class')::integer as dimensions
        from pg_inherits i join pg_class c on c.oid = i.inhrelid
        where i.inhparent = to_regclass('{schema}.model_vectors')
    loop
        execute format('create index if not exists %I on %s using hnsw ((embedding::halfvec(%s)) halfvec_cosine_ops)',
            part.relname || '_near', part.name, part.dimensions);
    end loop;
end $$;
