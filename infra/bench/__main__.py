"""What `make bench` begins. It imports late: processes of a replay import this file, too, and nothing of the rest."""

import sys

if __name__ == "__main__":
    from muniment.infra.bench.run import main

    sys.exit(main())
