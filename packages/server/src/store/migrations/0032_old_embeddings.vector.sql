-- The vectors of before: files are read anew (0031), memories are embedded anew when they are carried over.

drop table old_embeddings;
