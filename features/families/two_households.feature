Feature: Two households share one child
  Each parent reads papers of their own. Where an address is protected, nothing the other parent reads tells it.

  Background:
    Given a boy whose parents live apart, his father at a protected address

  Scenario: Each parent gets their own papers, and neither finds the other on them
    When Ben approves it and Carla releases it
    Then the mother's papers tell her trip and what we pay for her
    And the father's papers tell his trip and what we pay for him
    And none of the mother's papers tells where the father is

  Scenario: Nobody opens the other's papers
    When Ben approves it and Carla releases it
    And the mother opens her page
    Then she finds her own papers and none of the father's
    And she cannot fetch one of his even if she knows its address

  Scenario: What belongs to nobody is asked before the request goes on
    When a night is added without saying for whom
    Then the request is not taken until it is said whose cost it is
