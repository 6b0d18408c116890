"""A worked example of an analyst's program: a consumer group lands the topics as Parquet, DuckDB answers questions.

Nothing of it is needed to run Muniment, and it uses nothing that somebody outside could not use: the topics, the
declarations in `muniment.schemas`, pyarrow and DuckDB. See `docs/analytics.md`.
"""
