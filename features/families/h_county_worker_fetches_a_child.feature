Feature: A county caseworker fetches a child missing from care
  An agency asks, tribal police verify, the worker travels. There is no household, so there is no income to test.

  Scenario: Nobody is asked what a household earns
    Given the family of story h has asked for help
    Then nothing is asked about a household
    And tribal police are named as who verifies the case
    And the award covers $466.00, and none of it is the program's
    When Ben approves and releases it
    And Ben logs the payments made elsewhere and Carla verifies them
    Then $0.00 is paid by Stripe and $466.00 by logged payments
    And the county is repaid $356.00 for the drive and the meals
    And the books balance

  Scenario: Whoever asks for an agency still says who released the child to whom
    Given Ana enters the family of story h
    And nobody has written down who releases the child
    Then it is not taken before that is said
