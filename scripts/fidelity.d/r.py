# SPDX-License-Identifier: MIT
"""R: vectors, data frames, models and strings."""
GROUP = "others"
COMMAND = ["Rscript", "--vanilla", "{inputs}/load.R"]


def make_input(folder, random):
    (folder / "load.R").write_text('''
set.seed(7)
n <- 200000
d <- data.frame(group = sample(500, n, TRUE), x = rnorm(n), y = runif(n),
                name = paste("name", sample(50000, n, TRUE)))
means <- aggregate(cbind(x, y) ~ group, d, mean)
joined <- merge(d[sample(n, 60000), ], means, by = "group")
model <- lm(y.x ~ x.x + x.y + factor(group %% 20), joined)
parts <- split(d$x, d$name)
medians <- vapply(parts, median, 0)
rm(parts); invisible(gc())
words <- toupper(substr(d$name, 3, 9))
m <- matrix(rnorm(250000), 500)
s <- solve(crossprod(m) + diag(500))
cat(nrow(joined), length(medians), length(unique(words)), dim(s), "\\n")
''')
