-- Where the documents' topic ended once all was decided; of an erasure that was decided by an older program, nothing.
-- `positions` said where the commands lie, and says nothing any more.
ALTER TABLE muniment_erasing.erasures ADD COLUMN ends jsonb;
