"""The embedded stack: which parts run, on which ports, under `supervisord`, and how one knows that they are well."""
