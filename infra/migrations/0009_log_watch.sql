-- What is known of the audited topics from looking at the broker: no replay could tell it, so it is kept here.
create schema if not exists muniment_watch;

-- Where each partition began and ended when it was last looked at. The beginning moves only when somebody accepts it.
create table muniment_watch.partitions (
    topic text not null, partition integer not null, begin_offset bigint not null, end_offset bigint not null,
    seen_at timestamptz not null, primary key (topic, partition)
);

-- What is, or was, not as declared. `told` and `ended_told`: the event of that id has been confirmed by the log.
create table muniment_watch.alarms (
    alarm_id uuid primary key, topic text not null, partition integer not null, setting text not null,
    declared text not null, found text not null, since timestamptz not null, told boolean not null default false,
    ended_at timestamptz, ended_id uuid, ended_told boolean not null default false,
    accepted boolean not null default false, actor text not null default '', reason text not null default ''
);
create unique index alarms_open on muniment_watch.alarms (topic, partition, setting) where ended_at is null;

create table muniment_watch.looks (
    one boolean primary key default true check (one), looked_at timestamptz not null
);
