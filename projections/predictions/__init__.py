"""What somebody who types may mean: titles, file names and headings of a tenant's documents."""
