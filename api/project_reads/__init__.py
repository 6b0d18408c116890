"""What is read of projects: the shapes of answers, the port, and its adapter on Postgres."""
